"""What is known about an image once it was decoded: the small record that a decoding child reports."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any


@dataclass(frozen=True)
class Intake:
    """One decoded image.

    width_px, height_px, bit_depth      the working array: 8 (uint8) or 16 (uint16) bits
    source_width_px, source_height_px   the image as stored in the file, before turning and shrinking
    window_low, window_high             values of the array to be shown black and white; low < high
    tags                                allow-listed DICOM tags only
    flags                               accepted with a caution: "colour", "alpha_flattened", ...
    patient_digest                      of the patient whom the file names; to be compared, never kept
    """

    width_px: int
    height_px: int
    bit_depth: int
    source_width_px: int
    source_height_px: int
    window_low: float
    window_high: float
    tags: dict[str, str]
    flags: list[str]
    patient_digest: str

    def to_report(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_report(cls, report: object) -> "Intake":
        """Rebuild a record from a child, which is not trusted.

        raises  ValueError when a key, a type or a range is not as this class promises
        """
        if not isinstance(report, Mapping) or set(report) != {field.name for field in fields(cls)}:
            raise ValueError("not an intake record")
        _require(all(_is_count(report[name]) for name in COUNTS), "a size is not a positive whole number")
        _require(report["bit_depth"] in (8, 16), "bit depth")
        low, high = report["window_low"], report["window_high"]
        _require(_is_number(low) and _is_number(high) and low < high, "window")
        tags, flags = report["tags"], report["flags"]
        _require(isinstance(tags, dict) and all(isinstance(value, str) for value in tags.values()), "tags")
        _require(isinstance(flags, list) and all(isinstance(flag, str) for flag in flags), "flags")
        _require(isinstance(report["patient_digest"], str), "patient")
        return cls(**report)


COUNTS = ("width_px", "height_px", "bit_depth", "source_width_px", "source_height_px")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(f"implausible intake record: {what}")
