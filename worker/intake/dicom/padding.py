"""Pixels that hold no measurement: Pixel Padding Value, or the range it begins (PS3.3, C.7.5.1.1.2)."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from worker.intake.dicom.describe import Description


def padding_mask(
    stored: NDArray[np.uint16], description: Description, dataset: Dataset
) -> NDArray[np.bool_] | None:
    """True where `stored` (offset binary when signed) is padding; None when no pixel is."""
    ends = [
        code
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
        if (code := _as_stored(dataset.get(keyword), description)) is not None
    ]
    if not ends or dataset.get("PixelPaddingValue") is None:
        return None
    mask = (stored >= min(ends)) & (stored <= max(ends))
    return mask if mask.any() else None


def _as_stored(value: object, description: Description) -> int | None:
    """A padding value in the terms of `stored`; a value that no pixel can have pads nothing."""
    if not isinstance(value, int):
        return None
    span = 1 << description.bits_stored
    if not description.is_signed:
        return value if 0 <= value < span else None
    if value >= span // 2:
        value -= 1 << description.bits_allocated  # written without its sign
    code = value + span // 2
    return code if 0 <= code < span else None
