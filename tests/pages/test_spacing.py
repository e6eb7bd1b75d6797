"""Millimetres per pixel: what a ruler in the viewer may claim."""

from __future__ import annotations

import pytest

from portal.models import Image
from portal.queries.spacing import Spacing, spacing_of


def image(tags: dict[str, str], **changes: int) -> Image:
    sizes = {"width_px": 300, "height_px": 400, "source_width_px": 300, "source_height_px": 400}
    return Image(tags=tags, **(sizes | changes))


def test_a_calibrated_spacing_names_rows_before_columns() -> None:
    assert spacing_of(image({"PixelSpacing": "0.2\\0.1"})) == Spacing(0.1, 0.2, is_at_detector=False)


def test_a_calibrated_spacing_wins_over_the_detector_s() -> None:
    tags = {"PixelSpacing": "0.18\\0.18", "ImagerPixelSpacing": "0.2\\0.2"}
    assert spacing_of(image(tags)) == Spacing(0.18, 0.18, is_at_detector=False)


@pytest.mark.parametrize(
    "tags",
    [
        {"ImagerPixelSpacing": "0.2\\0.2"},
        {"PixelSpacing": "0.2\\0.2", "ImagerPixelSpacing": "0.20\\0.20"},
        {"PixelSpacing": "unknown", "ImagerPixelSpacing": "0.2\\0.2"},
    ],
)
def test_what_was_not_calibrated_is_said_to_be_at_the_detector(tags: dict[str, str]) -> None:
    assert spacing_of(image(tags)) == Spacing(0.2, 0.2, is_at_detector=True)


def test_an_image_that_was_made_smaller_has_larger_pixels() -> None:
    shrunk = image({"PixelSpacing": "0.1\\0.1"}, source_width_px=600, source_height_px=800)
    assert spacing_of(shrunk) == Spacing(0.2, 0.2, is_at_detector=False)


@pytest.mark.parametrize("text", ["", "0\\1e9", "0.1", "0.1\\0.1\\0.1", "nan\\0.1", "-0.1\\0.1", "0.1\\inf"])
def test_a_spacing_that_cannot_be_true_is_not_used(text: str) -> None:
    assert spacing_of(image({"PixelSpacing": text})) is None
