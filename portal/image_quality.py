"""What makes an image hard to judge, whatever release reads it: stable codes, and a sentence for each."""

from __future__ import annotations

from collections.abc import Iterable

LEAST_SIDE_PX = 200
"""Of the shorter side, as stored. Shrunk to 373, 240, 200, 160 and 128 px, 80 sound images of FracAtlas were
called `fracture` in 2, 2, 5, 6 and 19 % by greenstick-5 (it knew them, so that only the rise counts)."""

TOO_SMALL, NEARLY_FLAT = "too_small", "nearly_flat"
LIMB_CUT_OFF, PICTURE_CUT_OFF = "limb_cut_off", "picture_cut_off"

CAUTIONS: dict[str, str] = {
    TOO_SMALL: f"The image is small: under {LEAST_SIDE_PX} pixels on its shorter side. Fine fracture lines "
    "may be lost in it. Export it at full size.",
    NEARLY_FLAT: "The image has hardly any contrast, so that a fracture may not stand out. "
    "Check the exposure, or export it again.",
    LIMB_CUT_OFF: "The body reaches the edge of the picture on three sides or more: part of the limb may be "
    "cut off. What lies outside the picture was not read.",
    PICTURE_CUT_OFF: "A strip along one side is one and the same grey, as when a file was cut off while it "
    "was copied. Compare it with the original: what is missing was not read.",
}


def cautions_about(flags: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each flag that is about quality; the others are facts of the file."""
    return tuple(CAUTIONS[flag] for flag in flags if flag in CAUTIONS)


def file_facts(flags: Iterable[str]) -> tuple[str, ...]:
    """The flags that say nothing about quality."""
    return tuple(flag for flag in flags if flag not in CAUTIONS)
