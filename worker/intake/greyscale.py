"""One greyscale image on its way to the working array, and the arithmetic all kinds of files share."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portal.refusals import Refused
from worker.intake.limits import LONGEST_SIDE_PX

Pixels = NDArray[np.unsignedinteger]  # uint8 or uint16

# When the file states no window, all its values are shown, as an 8-bit export shows them; unless a few pixels
# (TAIL on each side) lie further out than REACH times the spread of the others: a lead marker, dead pixels.
TAIL = 0.005
REACH = 0.5


@dataclass
class Greyscale:
    """A decoded image with bone bright.

    pixels          (rows, columns) uint8 or uint16
    window          values to be shown black and white; None: not stated, to be measured
    ignored         True where a pixel is padding and must not count when the window is measured
    patient_digest  of the patient whom the file names, as `portal.file_patient` makes it
    """

    pixels: Pixels
    window: tuple[float, float] | None
    source_width_px: int
    source_height_px: int
    flags: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    ignored: NDArray[np.bool_] | None = None
    patient_digest: str = ""


def usable_window(image: Greyscale) -> tuple[float, float]:
    """The stated window, or the range of the values when it is missing or shows none of them.

    raises  Refused  no_contrast
    """
    counts = _counted(image)
    present = np.flatnonzero(counts)
    if len(present) < 2:
        raise Refused("no_contrast")
    lowest, highest = float(present[0]), float(present[-1])
    if image.window and image.window[0] < highest and image.window[1] > lowest:
        return image.window
    if image.window:
        image.flags.append("window_ignored")
    return _range_without_outliers(counts, lowest, highest)


def _counted(image: Greyscale) -> NDArray[np.int64]:
    values = image.pixels if image.ignored is None else image.pixels[~image.ignored]
    return np.bincount(values.ravel())


def _range_without_outliers(counts: NDArray[np.int64], lowest: float, highest: float) -> tuple[float, float]:
    below = np.cumsum(counts) / counts.sum()
    low, high = (float(value) for value in np.searchsorted(below, [TAIL, 1 - TAIL]))
    if low >= high:
        return lowest, highest
    reach = REACH * (high - low)
    return (lowest if low - lowest <= reach else low), (highest if highest - high <= reach else high)


def shrink(pixels: Pixels, longest_px: int = LONGEST_SIDE_PX) -> Pixels:
    """At most `longest_px` on the longer side, filtered; 16 bit values keep their accuracy."""
    rows, columns = pixels.shape
    scale = longest_px / max(rows, columns)
    if scale >= 1:
        return pixels
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    if pixels.dtype == np.uint8:
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
    # Pillow filters 8 bit and float images only; float32 holds every 16 bit value exactly.
    filtered = np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(size, Image.Resampling.LANCZOS))
    return np.clip(np.rint(filtered), 0, 65535).astype(np.uint16)


def to_display(pixels: Pixels, low: float, high: float) -> NDArray[np.uint8]:
    """8 bit grey as shown on a screen: `low` is black, `high` is white."""
    values = np.arange(np.iinfo(pixels.dtype).max + 1, dtype=np.float64)
    shades = np.clip(np.rint((values - low) * (255.0 / (high - low))), 0, 255).astype(np.uint8)
    return shades[pixels]
