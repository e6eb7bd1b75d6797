"""JPEG, PNG and TIFF to greyscale. Pillow decodes; what it may be handed is checked here first."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from portal.refusals import Refused
from portal.sniff import Kind
from worker.intake import jpeg, png, tiff
from worker.intake.colour import to_grey
from worker.intake.greyscale import Greyscale, Pixels
from worker.intake.guard import corrupt_if_raised, require_size, warnings_refused
from worker.intake.whole_jpeg import require_whole

Image.MAX_IMAGE_PIXELS = None  # our own cap is lower and comes first

ORIENTATION = 0x0112  # EXIF tag
# EXIF orientation to how the stored array is turned upright: (transpose first, then flip rows, columns).
TURNS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def read_raster(source: Path, kind: Kind) -> Greyscale:
    """Decode one still image of `kind` (never another kind, whatever its bytes claim).

    raises  Refused
    """
    stream = source.read_bytes()
    flags: list[str] = []
    white_is_zero = CHECKS[kind](stream, flags)
    with warnings_refused(), corrupt_if_raised():
        image = Image.open(io.BytesIO(stream), formats=[kind.value.upper()])
        if getattr(image, "n_frames", 1) > 1:
            raise Refused("multi_image")
        width_px, height_px = image.size
        require_size(width_px, height_px)
        image.load()
        pixels = to_grey(image, flags)
    if white_is_zero:
        pixels = np.iinfo(pixels.dtype).max - pixels
    pixels = _upright(pixels, _orientation(image, flags))
    window = (0.0, 255.0) if pixels.dtype == np.uint8 else None
    return Greyscale(pixels, window, width_px, height_px, flags)


def _check_jpeg(stream: bytes, flags: list[str]) -> bool:
    """A JPEG without its end marker is refused even when its scan may be complete: nobody can tell."""
    structure = jpeg.read_structure(stream)
    if structure.precision != 8 or structure.process not in (jpeg.BASELINE, jpeg.EXTENDED, jpeg.PROGRESSIVE):
        raise Refused("unsupported_encoding")
    if structure.components == 4:
        raise Refused("cmyk")
    require_size(structure.width_px, structure.height_px)
    if not structure.is_complete:
        raise Refused("truncated")
    require_whole(stream, structure.components)
    _note_trailing(stream, structure.length_bytes, flags)
    return False


def _check_png(stream: bytes, flags: list[str]) -> bool:
    header = png.read_header(stream)
    require_size(header.width_px, header.height_px)
    _note_trailing(stream, png.check_chunks(stream, header), flags)
    if header.bit_depth < 8:
        flags.append("few_grey_levels")
    if header.bit_depth == 16 and header.colour_type != png.GREY:
        flags.append("reduced_to_8_bit")  # by Pillow, which has no 16 bit mode with more than one channel
    return False


def _check_tiff(stream: bytes, flags: list[str]) -> bool:
    """Whether Pillow will leave the greys upside down: it inverts 8 bit pages, but not 16 bit ones."""
    page = tiff.read_page(stream)
    require_size(page.width_px, page.height_px)
    return page.is_white_zero and page.bit_depth == 16


CHECKS = {Kind.JPEG: _check_jpeg, Kind.PNG: _check_png, Kind.TIFF: _check_tiff}


def _note_trailing(stream: bytes, end: int, flags: list[str]) -> None:
    """Padding is usual; anything else behind the image is never decoded, shown nor handed on."""
    if stream[end:].strip(b"\0\r\n"):
        flags.append("trailing_bytes")


def _orientation(image: Image.Image, flags: list[str]) -> int:
    """The EXIF orientation 1 to 8; an unreadable one counts as upright, with a flag."""
    try:
        with warnings_refused():
            orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # EXIF is parsed lazily and fails in as many ways as pixels do
        flags.append("orientation_unreadable")
        return 1
    return orientation if orientation in TURNS else 1


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    transposed, flip_rows, flip_columns = TURNS[orientation]
    turned = pixels.T if transposed else pixels
    turned = turned[::-1] if flip_rows else turned
    return turned[:, ::-1] if flip_columns else turned
