"""Stored values to grey values with bone bright (PS3.3, C.11.1 and C.11.2; PS3.4, annex N).

Every step works on single values, so all of them are first combined in one table of at most 65,536 entries;
the image is then looked up in it once. That is exact, fast, and takes no memory for big images.

A linear rescale only moves and stretches values: it is applied to the window, backwards, and the array keeps
the stored steps. Tables and sigmoids bend them: those are baked into the array.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from portal.refusals import Refused
from worker.intake.dicom.describe import Description
from worker.intake.dicom.padding import padding_mask
from worker.intake.dicom.tables import look_up
from worker.intake.dicom.window import SIGMOID_TOP, number, stated_window
from worker.intake.greyscale import Pixels

Curve = NDArray[np.float64]
Ends = tuple[float, float]


@dataclass(frozen=True)
class Rendering:
    """A rendered image.

    pixels   (rows, columns), bone bright
    window   values of `pixels` shown black and white, or None when the file states none
    padding  True where nothing was recorded (such pixels are as dark as the darkest other one), or None
    """

    pixels: Pixels
    window: Ends | None
    padding: NDArray[np.bool_] | None


def render(stored: NDArray[np.uint16], description: Description, dataset: Dataset) -> Rendering:
    """raises  Refused  rescale, corrupt (tables), no_contrast (nothing but padding)"""
    curve, window, is_inverted = _curve(description, dataset)
    if is_inverted:
        curve, window = _inverted(curve, window)
    table = np.clip(np.rint(curve), 0, 65535).astype(np.uint16)
    pixels: Pixels = (table.astype(np.uint8) if table.max() <= 255 else table)[stored]
    padding = padding_mask(stored, description, dataset)
    if padding is not None:
        if padding.all():
            raise Refused("no_contrast")
        pixels[padding] = pixels[~padding].min()
    return Rendering(pixels, window, padding)


def _curve(description: Description, dataset: Dataset) -> tuple[Curve, Ends | None, bool]:
    """The array value of each stored value, the window over array values, and whether bright means dark."""
    codes = np.arange(1 << description.bits_stored, dtype=np.float64)
    offset = (1 << description.bits_stored) >> 1 if description.is_signed else 0
    window = stated_window(dataset)
    if item := _first_item(dataset, "ModalityLUTSequence"):
        slope, intercept = 1.0, 0.0
        greys = look_up(item, codes - offset)
    else:
        slope, intercept = _rescale(dataset)
        greys = (codes - offset) * slope + intercept
    if voi := _first_item(dataset, "VOILUTSequence"):
        bent = look_up(voi, greys)
        return bent, (float(bent.min()), float(bent.max())), description.is_monochrome1
    if window and window.is_sigmoid:
        return window.bend(greys), (0.0, SIGMOID_TOP), description.is_monochrome1
    ends = window.ends() if window else None
    if item:
        return greys, ends, description.is_monochrome1
    if ends:
        first, last = ((end - intercept) / slope + offset for end in ends)
        ends = min(first, last), max(first, last)
    return codes, ends, description.is_monochrome1 != (slope < 0)


def _inverted(curve: Curve, window: Ends | None) -> tuple[Curve, Ends | None]:
    top = float(curve.max())
    return top - curve, (top - window[1], top - window[0]) if window else None


def _rescale(dataset: Dataset) -> tuple[float, float]:
    """Slope and intercept; 1 and 0 when the file has none."""
    slope = number(dataset, "RescaleSlope") if "RescaleSlope" in dataset else 1.0
    intercept = number(dataset, "RescaleIntercept") if "RescaleIntercept" in dataset else 0.0
    if not slope or intercept is None:
        raise Refused("rescale")
    return slope, intercept


def _first_item(dataset: Dataset, keyword: str) -> Dataset | None:
    items = dataset.get(keyword)
    return items[0] if items else None
