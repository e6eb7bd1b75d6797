"""How many millimetres one pixel of a working array spans, from the tags that intake kept."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from portal.models import Image

PLAUSIBLE_MM = (0.01, 5.0)
"""A detector element is 0.05 to 0.4 mm; what lies far outside is a mistake, and worse than no ruler."""


@dataclass(frozen=True)
class Spacing:
    """Millimetres from one pixel to the next, to the right and down.

    is_at_detector  true where nobody corrected for the magnification from the bone to the detector
    """

    column_mm: float
    row_mm: float
    is_at_detector: bool


def spacing_of(image: Image) -> Spacing | None:
    """None when the file gives no usable spacing: lengths are then told in pixels.

    source  PS3.3, 10.7.1.3: a PixelSpacing that equals ImagerPixelSpacing was not calibrated
    """
    stated, at_detector = (_pair(image.tags.get(tag)) for tag in ("PixelSpacing", "ImagerPixelSpacing"))
    pair = stated or at_detector
    if pair is None:
        return None
    row_mm, column_mm = pair
    return Spacing(
        column_mm * (image.source_width_px or 1) / (image.width_px or 1),
        row_mm * (image.source_height_px or 1) / (image.height_px or 1),
        pair == at_detector,
    )


def _pair(text: str | None) -> tuple[float, float] | None:
    """Row and column spacing of the source file, in mm; DICOM names the rows first."""
    try:
        row_mm, column_mm = (float(part) for part in (text or "").split("\\"))
    except ValueError:
        return None
    low, high = PLAUSIBLE_MM
    is_plausible = all(isfinite(mm) and low <= mm <= high for mm in (row_mm, column_mm))
    return (row_mm, column_mm) if is_plausible else None
