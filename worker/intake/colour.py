"""Pillow images of any colour mode to one grey channel."""

import numpy as np
from PIL import Image

from portal.refusals import Refused
from worker.intake.greyscale import Pixels

# An image counts as coloured when over 1 % of its pixels have channels further apart than this: film scanned
# in colour, JPEG noise and a small coloured marker stay below.
COLOUR_SPREAD = 32
COLOURED_SHARE = 0.01
SIXTEEN_BIT_MODES = ("I;16", "I;16B", "I;16L")


def to_grey(image: Image.Image, flags: list[str]) -> Pixels:
    """(rows, columns) uint8, or uint16 for 16 bit grey; appends "colour" and "alpha_flattened"."""
    if image.mode in SIXTEEN_BIT_MODES:
        return _sixteen_bit(image, flags)
    if _has_alpha(image):
        image = _on_black(image, flags)
    if image.mode == "P":
        image = image.convert("RGB")
    if image.mode == "RGB":
        if _is_coloured(np.asarray(image)):
            flags.append("colour")
        return np.asarray(image.convert("L"))
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    raise Refused("unsupported_encoding")


def _sixteen_bit(image: Image.Image, flags: list[str]) -> Pixels:
    pixels = np.asarray(image).astype(np.uint16)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int) and np.any(hidden := pixels == transparent):
        flags.append("alpha_flattened")
        pixels[hidden] = 0
    return pixels


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info


def _on_black(image: Image.Image, flags: list[str]) -> Image.Image:
    """Transparent is black, as the background of an X-ray is; alpha that hides nothing is no news."""
    layers = image.convert("RGBA")
    if layers.getchannel("A").getextrema() != (255, 255):
        flags.append("alpha_flattened")
    black = Image.new("RGBA", layers.size, (0, 0, 0, 255))
    flat = Image.alpha_composite(black, layers)
    return flat.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


def _is_coloured(pixels: Pixels) -> bool:
    """pixels: (rows, columns, 3) uint8."""
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    return bool(np.mean(spread > COLOUR_SPREAD) > COLOURED_SHARE)
