"""Which canvas a limb is shown on, and that every answer finds its way back from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.vision.limbs import limb
from worker.vision.canvas import STEP_PX, Canvas, canvases, fit, roomiest
from worker.vision.card import PreprocessingCard
from worker.vision.engine import Outputs
from worker.vision.passes import answers_to, of_one_shape
from worker.vision.preprocess import prepare


def test_square_is_first_and_no_canvas_has_more_pixels() -> None:
    offered = canvases(384, follows_limb=True)
    assert offered[0] == (384, 384)
    assert (448, 320) in offered
    assert {canvas.turned() for canvas in offered} == set(offered)
    for rows, columns in offered:
        assert rows % STEP_PX == columns % STEP_PX == 0
        assert 0.9 * 384**2 < rows * columns <= 384**2


def test_only_the_square_unless_asked_for_more() -> None:
    assert canvases(384, follows_limb=False) == ((384, 384),)


@pytest.mark.parametrize(
    ("width", "height", "canvas"),
    [(500, 500, (384, 384)), (300, 430, (448, 320)), (430, 300, (320, 448)), (100, 900, (576, 256))],
)
def test_limb_gets_the_canvas_that_shows_it_largest(width: int, height: int, canvas: Canvas) -> None:
    offered = canvases(384, follows_limb=True)
    assert roomiest(width, height, offered) == canvas
    assert fit(width, height, Canvas(*canvas)) == max(fit(width, height, other) for other in offered)


@pytest.mark.parametrize(("width", "height"), [(100, 300), (300, 100), (200, 200)])
def test_long_limb_is_shown_larger_than_on_the_square(
    width: int, height: int, preparing: PreprocessingCard
) -> None:
    whole = replace(preparing, finds_limb=False)
    square = prepare(limb(width, height), 0, 255, whole)
    own = prepare(limb(width, height), 0, 255, replace(whole, follows_limb=True))
    assert own.tensor.shape[1:] == own.placement.canvas
    assert own.placement.scale_x >= square.placement.scale_x
    assert (own.placement.scale_x > 1.2 * square.placement.scale_x) == (width != height)
    for corner in ((0.0, 0.0), (float(width), float(height)), (width / 3, height / 4)):
        x, y = own.placement.to_canvas(*corner)
        assert 0 <= x <= own.placement.canvas.columns
        assert 0 <= y <= own.placement.canvas.rows
        assert own.placement.to_image(x, y) == pytest.approx(corner)


def test_arrays_of_one_shape_go_together_in_their_order() -> None:
    arrays = [np.zeros(shape) for shape in ((2, 3), (3, 2), (2, 3), (2, 3), (3, 2))]
    assert list(of_one_shape(arrays)) == [[0, 2, 3], [1, 4]]
    assert list(of_one_shape(arrays, 2)) == [[0, 2], [3], [1, 4]]
    assert list(of_one_shape([])) == []


class Summing:
    """An engine whose every answer tells which image it is for."""

    device = "cpu"

    def __init__(self) -> None:
        self.passes: list[int] = []

    def run(self, batch: np.ndarray) -> Outputs:
        self.passes.append(len(batch))
        sums = batch.sum(axis=(1, 2, 3))
        return Outputs(sums, batch[:, 0, ::2, ::2], -sums)


def test_every_image_gets_its_own_answer_whatever_its_shape() -> None:
    shapes = ((1, 4, 6), (1, 6, 4), (1, 4, 6), (1, 4, 4), (1, 4, 6))
    tensors = [np.full(shape, number + 1, np.float32) for number, shape in enumerate(shapes)]
    engine = Summing()
    answers = answers_to(engine, tensors)
    assert sorted(engine.passes) == [1, 1, 3]
    for tensor, answer in zip(tensors, answers, strict=True):
        assert answer.logit == -answer.scope == tensor.sum()
        np.testing.assert_array_equal(answer.cells, tensor[0, ::2, ::2])
