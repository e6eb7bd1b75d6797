"""What makes an image hard to judge, seen before any release reads it: too small, nearly flat, cut off.

The thresholds were chosen on FracAtlas (2026-11-27), where nearly all images have 373 pixels or more a side.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from portal.image_quality import LEAST_SIDE_PX, LIMB_CUT_OFF, NEARLY_FLAT, PICTURE_CUT_OFF, TOO_SMALL
from worker.intake.greyscale import Greyscale, Pixels, shrink

SAMPLED_PX = 512  # of the longer side: of a larger image only every n-th row and column is looked at
TAILS = (1, 99)  # percentiles: what lies outside is markers, collimators and noise
LEAST_GREYS = 32  # between them; of 1,109 images of FracAtlas none has fewer than 70

SEARCH_SIDE_PX = 128
EDGE_SHARE = 0.04  # a strip of this width, this far from the edge: further out lie frames and white lines
BODY = (0.25, 0.95)  # share of the contrast: darker is air, brighter a strip of unexposed film
TOUCHED_SHARE = 0.5  # of a strip's pixels
SIDES_OF_A_LIMB = 2  # it leaves the picture at one or two
"""So 1 % of hands and legs in FracAtlas are flagged, 14 % of hips, and 39 % of squares cut out around a
fracture whose sides are a quarter of the image's."""

BLANK_GREY = 128  # what decoders fill in for the missing rest of a JPEG
LEAST_BLANK_SHARE = 0.02

Sampled = TypeVar("Sampled", bound=np.generic)


def quality_flags(image: Greyscale) -> list[str]:
    """The codes of `portal.image_quality` that hold for a decoded image."""
    found = {
        TOO_SMALL: min(image.source_width_px, image.source_height_px) < LEAST_SIDE_PX,
        NEARLY_FLAT: _is_nearly_flat(image),
        LIMB_CUT_OFF: _sides_reached(image.pixels) > SIDES_OF_A_LIMB,
        PICTURE_CUT_OFF: _has_blank_strip(image.pixels),
    }
    return [code for code, is_so in found.items() if is_so]


def _is_nearly_flat(image: Greyscale) -> bool:
    values = _sampled(image.pixels)
    if image.ignored is not None:
        values = values[~_sampled(image.ignored)]
    low, high = np.percentile(values, TAILS)
    return len(np.unique(values[(values >= low) & (values <= high)])) < LEAST_GREYS


def _sides_reached(pixels: Pixels) -> int:
    """At how many of its four sides the body leaves the picture."""
    small = shrink(_sampled(pixels), SEARCH_SIDE_PX).astype(np.float32)
    low, high = np.percentile(small, TAILS)
    grey = (small - low) / max(high - low, 1)
    is_body = (grey > BODY[0]) & (grey < BODY[1])
    return sum(_edge(np.rot90(is_body, turn)).mean() > TOUCHED_SHARE for turn in range(4))


def _edge(picture: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The strip along the top."""
    width = max(1, round(EDGE_SHARE * len(picture)))
    return picture[width : 2 * width]


def _has_blank_strip(pixels: Pixels) -> bool:
    if pixels.dtype != np.uint8:  # a JPEG that can be cut off unnoticed has 8 bit
        return False
    return any(_is_blank_on_top(np.rot90(pixels, turn)) for turn in range(4))


def _is_blank_on_top(pixels: Pixels) -> bool:
    depth = max(1, round(LEAST_BLANK_SHARE * len(pixels)))
    return bool((pixels[:depth] == BLANK_GREY).all())


def _sampled(plane: NDArray[Sampled]) -> NDArray[Sampled]:
    step = max(1, max(plane.shape) // SAMPLED_PX)
    return plane[::step, ::step]
