from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.vision.limbs import limb
from worker.vision.overlay import heatmap_png, picture_with_overlay
from worker.vision.reading import Box

COLD = np.zeros((128, 85), np.uint8)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def stroked(picture: Image.Image) -> NDArray[np.bool_]:
    """Where the boxes' yellow is, rows and columns."""
    return (np.asarray(picture) == (0xFF, 0xE0, 0x66)).all(axis=2)


def test_overlay_has_the_heatmaps_size_and_is_clear_where_cold() -> None:
    heatmap = np.zeros((96, 60), np.uint8)
    heatmap[10, 20] = 255
    picture = opened(heatmap_png(heatmap))
    opacity = np.asarray(picture)[:, :, 3]
    assert (picture.mode, picture.size) == ("RGBA", (60, 96))
    assert opacity[10, 20] > 150
    assert np.count_nonzero(opacity) == 1


def test_overlay_grows_more_opaque_with_the_probability() -> None:
    opacity = np.asarray(opened(heatmap_png(np.arange(256, dtype=np.uint8)[None])))[0, :, 3].astype(int)
    assert (np.diff(opacity) >= 0).all()


def test_picture_shows_the_image_and_colours_only_the_hot_part() -> None:
    heatmap = np.zeros((96, 64), np.uint8)
    heatmap[40:56, 24:40] = 255
    picture = np.asarray(opened(picture_with_overlay(limb(), 0, 255, heatmap, ()))).astype(int)
    is_coloured = np.abs(picture[:, :, 0] - picture[:, :, 2]) > 10
    assert is_coloured[120, 80]
    assert not is_coloured[:60].any()
    assert np.array_equal(picture[:60, :, 0], limb()[:60])


def test_solid_box_is_drawn_along_its_edges_and_hides_nothing_inside() -> None:
    box = Box(40, 60, 50, 80, 0.9, "solid")
    picture = opened(picture_with_overlay(limb(), 0, 255, COLD, (box,)))
    is_stroke = stroked(picture)
    assert is_stroke[60, 40:90].all()
    assert is_stroke[139, 40:90].all()
    assert is_stroke[60:140, 40].all()
    assert is_stroke[60:140, 89].all()
    is_stroke[60:140, 40:90] = False
    assert not is_stroke.any()
    assert np.array_equal(np.asarray(picture)[64:136, 44:86, 0], limb()[64:136, 44:86])


def test_dotted_box_has_gaps_on_every_side() -> None:
    box = Box(40, 60, 50, 80, 0.4, "dotted")
    is_stroke = stroked(opened(picture_with_overlay(limb(), 0, 255, COLD, (box,))))
    for side in (is_stroke[60, 40:90], is_stroke[139, 40:90], is_stroke[60:140, 40], is_stroke[60:140, 89]):
        assert 0.2 < side.mean() < 0.6
    is_stroke[60:140, 40:90] = False
    assert not is_stroke.any()


def test_boxes_shrink_with_a_large_image() -> None:
    pixels = np.zeros((4800, 3200), np.uint16)
    box = Box(1500, 3000, 600, 900, 0.9, "solid")
    picture = opened(picture_with_overlay(pixels, 0, 4095, COLD, (box,)))
    assert picture.size == (1067, 1600)
    rows, columns = np.nonzero(stroked(picture))
    assert (columns.min(), rows.min()) == pytest.approx((500, 1000), abs=1)
    assert (columns.max() + 1, rows.max() + 1) == pytest.approx((700, 1300), abs=1)


@pytest.mark.parametrize("kind", ["solid", "dotted"])
@pytest.mark.parametrize("box", [(0, 0, 160, 240), (159.8, 239.8, 0.2, 0.2), (80, 100, 0.1, 60)])
def test_box_at_the_rim_or_of_no_width_is_still_seen(
    box: tuple[float, float, float, float], kind: str
) -> None:
    assert stroked(opened(picture_with_overlay(limb(), 0, 255, COLD, (Box(*box, 0.9, kind),)))).any()
