"""Images that are hard to judge are taken in, and say so."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from portal.image_quality import (
    CAUTIONS,
    LEAST_SIDE_PX,
    LIMB_CUT_OFF,
    NEARLY_FLAT,
    PICTURE_CUT_OFF,
    TOO_SMALL,
    cautions_about,
    file_facts,
)
from tests.corpus.jpegs import END
from tests.intake.conftest import Read
from tests.needs import SHARED_DATA, needs_shared_data
from tests.vision.limbs import limb
from worker.intake.greyscale import Greyscale
from worker.intake.quality import quality_flags

GOOD = limb(width=400, height=600)


def file_of(pixels: NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, kind, **options)
    return target.getvalue()


def quality(intake: Any) -> list[str]:
    return [flag for flag in intake.flags if flag in CAUTIONS]


def spread(pixels: NDArray[np.uint8], low: int, high: int) -> NDArray[np.uint8]:
    """The picture on the grey values from low to high."""
    return np.rint(low + pixels / 255.0 * (high - low)).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_good_image_needs_no_caution(read: Read, kind: str) -> None:
    assert quality(read(file_of(GOOD, kind))) == []


@pytest.mark.parametrize(("side_px", "is_small"), [(LEAST_SIDE_PX - 1, True), (LEAST_SIDE_PX, False)])
@pytest.mark.parametrize("is_lying", [False, True])
def test_image_of_few_pixels_is_small(read: Read, side_px: int, is_small: bool, is_lying: bool) -> None:
    picture = limb(width=side_px, height=600)
    assert quality(read(file_of(picture.T if is_lying else picture))) == [TOO_SMALL] * is_small


@pytest.mark.parametrize(("low", "high"), [(0, 25), (118, 143), (230, 255)])
def test_image_of_few_greys_is_nearly_flat(read: Read, low: int, high: int) -> None:
    assert quality(read(file_of(spread(GOOD, low, high)))) == [NEARLY_FLAT]


def test_dim_image_of_many_greys_is_not_flat(read: Read) -> None:
    assert quality(read(file_of(spread(GOOD, 0, 90)))) == []


def test_marker_does_not_hide_that_the_rest_is_flat(read: Read) -> None:
    picture = spread(GOOD, 60, 80)
    picture[10:30, 10:40] = 255
    assert NEARLY_FLAT in quality(read(file_of(picture)))


def test_sixteen_bits_are_counted_not_measured(read: Read) -> None:
    """A dim 16-bit export of a good image holds all of its greys, on a small part of the scale."""
    deep = spread(GOOD, 0, 255).astype(np.uint16) * 8
    assert quality(read(file_of(deep))) == []
    assert quality(read(file_of((deep // 80).astype(np.uint16)))) == [NEARLY_FLAT]


def test_padding_around_an_image_does_not_count() -> None:
    pixels = np.full((600, 600), 4000, np.uint16)
    pixels[:, 100:500] = spread(GOOD, 0, 20)
    ignored = pixels == 4000
    assert NEARLY_FLAT in quality_flags(Greyscale(pixels, None, 600, 600, ignored=ignored))


def test_body_that_fills_the_picture_is_cut_off(read: Read) -> None:
    close_up = limb(width=1000, height=800)[:, 400:780]  # air on one side only
    assert quality(read(file_of(close_up))) == [LIMB_CUT_OFF]


@pytest.mark.parametrize("turn", range(4))
def test_limb_may_leave_the_picture_at_both_ends(read: Read, turn: int) -> None:
    assert quality(read(file_of(np.rot90(GOOD, turn)))) == []


def test_white_frame_is_no_body(read: Read) -> None:
    framed = GOOD.copy()
    framed[:, :40] = framed[:, -40:] = 255
    framed[:40] = framed[-40:] = 255
    assert quality(read(file_of(framed))) == []


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("kept_share", [0.3, 0.6, 0.9])
def test_picture_of_a_file_that_was_cut_off_says_so_in_whatever_file_it_comes(
    read: Read, kept_share: float, turn: int
) -> None:
    content = file_of(GOOD, "JPEG", quality=90)
    with Image.open(io.BytesIO(content[: int(len(content) * kept_share)] + END)) as cut:
        seen = np.rot90(np.asarray(cut), turn)
    assert PICTURE_CUT_OFF in quality(read(file_of(seen)))


def test_every_code_has_a_sentence_that_says_what_to_do_or_know() -> None:
    assert cautions_about(["colour", TOO_SMALL, PICTURE_CUT_OFF]) == (
        CAUTIONS[TOO_SMALL],
        CAUTIONS[PICTURE_CUT_OFF],
    )
    assert file_facts(["colour", TOO_SMALL]) == ("colour",)
    assert str(LEAST_SIDE_PX) in CAUTIONS[TOO_SMALL]


@needs_shared_data
def test_real_limbs_seldom_need_a_caution(read: Read) -> None:
    folder = SHARED_DATA / "data" / "fracatlas"
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        names = [row["image"] for row in csv.DictReader(stream) if row["body_part"] in ("hand", "leg")]
    flags = [quality(read(Path(folder, name).read_bytes())) for name in names[::46]]
    assert len(flags) >= 60
    assert sum(bool(flag) for flag in flags) <= 3
