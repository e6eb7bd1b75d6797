from __future__ import annotations

import numpy as np
import pytest

from tests.vision.limbs import limb
from worker.vision.content import content_rect


def as_window(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float32) / 255


@pytest.mark.parametrize("at", [0.3, 0.5, 0.7])
def test_empty_plate_beside_a_limb_is_left_out(at: float) -> None:
    rect = content_rect(as_window(limb(400, 400, at=at)))
    assert rect.left < 400 * (at - 0.1)
    assert rect.right > 400 * (at + 0.1)
    assert rect.width < 400 * 0.8


def test_limb_that_leaves_the_image_is_kept_to_its_edge() -> None:
    rect = content_rect(as_window(limb(400, 400)))
    assert (rect.top, rect.bottom) == (0, 400)


def test_white_strip_below_the_limb_does_not_widen_the_rectangle() -> None:
    plain = limb(400, 400)
    with_strip = plain.copy()
    with_strip[390:] = 255
    assert content_rect(as_window(with_strip)).width == pytest.approx(
        content_rect(as_window(plain)).width, rel=0.1
    )


def test_flat_image_is_kept_whole() -> None:
    rect = content_rect(np.full((30, 50), 0.4, np.float32))
    assert (rect.left, rect.top, rect.right, rect.bottom) == (0, 0, 50, 30)


def test_small_marker_alone_does_not_become_the_whole_picture() -> None:
    plate = np.full((400, 400), 0.1, np.float32)
    plate[200:220, 200:212] = 1
    rect = content_rect(plate)
    assert min(rect.width, rect.height) >= 0.35 * 400


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 200), (200, 1), (3, 3)])
def test_rectangle_of_a_thin_image_lies_inside_it(height: int, width: int) -> None:
    rect = content_rect(np.random.default_rng(0).random((height, width), dtype=np.float32))
    assert 0 <= rect.left < rect.right <= width
    assert 0 <= rect.top < rect.bottom <= height
