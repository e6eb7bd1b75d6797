from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tests.vision.limbs import limb
from worker.vision.overlay import heatmap_png, picture_with_heatmap


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


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
    picture = np.asarray(opened(picture_with_heatmap(limb(), 0, 255, heatmap))).astype(int)
    is_coloured = np.abs(picture[:, :, 0] - picture[:, :, 2]) > 10
    assert is_coloured[120, 80]
    assert not is_coloured[:60].any()
    assert np.array_equal(picture[:60, :, 0], limb()[:60])
