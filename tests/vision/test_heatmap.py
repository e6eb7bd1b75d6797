from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.vision.limbs import limb
from worker.vision.boxes import MOST_BOXES, BoxRule, boxes_of, hottest_box
from worker.vision.card import PreprocessingCard
from worker.vision.finer import FINER, finer
from worker.vision.heatmap import image_heatmap, peak
from worker.vision.preprocess import Placement, prepare

CELL_PX = 16
RULE = BoxRule(threshold=0.3, trim=0.87)
SHAPES = [(160, 240), (240, 160), (700, 300), (128, 128)]


@pytest.fixture(params=[False, True], ids=["square", "as the limb"])
def preparing(request: pytest.FixtureRequest, preparing: PreprocessingCard) -> PreprocessingCard:
    return replace(preparing, follows_limb=request.param)


def placed(width: int, height: int, card: PreprocessingCard) -> Placement:
    return prepare(limb(width, height), 0, 255, card).placement


def cold(placement: Placement) -> np.ndarray:
    rows, columns = placement.canvas
    return np.zeros((rows // CELL_PX, columns // CELL_PX), np.float32)


def hot_at(x: float, y: float, placement: Placement) -> np.ndarray:
    """A map whose only hot cell holds an image position."""
    column, row = (int(value / CELL_PX) for value in placement.to_canvas(x, y))
    cells = cold(placement)
    cells[row, column] = 1
    return cells


@pytest.mark.parametrize(("width", "height"), SHAPES)
@pytest.mark.parametrize(("across", "down"), [(0.5, 0.2), (0.4, 0.8), (0.6, 0.5)])
def test_hot_cell_is_hot_at_its_place_in_the_image(
    width: int, height: int, across: float, down: float, preparing: PreprocessingCard
) -> None:
    placement = placed(width, height, preparing)
    x, y = across * width, down * height
    found_x, found_y = peak(image_heatmap(finer(hot_at(x, y, placement)), placement), placement)
    one_cell = CELL_PX / min(placement.scale_x, placement.scale_y)
    assert abs(found_x - x) <= one_cell
    assert abs(found_y - y) <= one_cell


@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_box_surrounds_its_hot_cell(width: int, height: int, preparing: PreprocessingCard) -> None:
    placement = placed(width, height, preparing)
    x, y = width / 2, height / 3
    box = boxes_of(finer(hot_at(x, y, placement)), RULE, placement, "solid")[0]
    one_cell = CELL_PX / min(placement.scale_x, placement.scale_y)
    assert abs(box.x + box.width / 2 - x) <= one_cell
    assert abs(box.y + box.height / 2 - y) <= one_cell
    assert box.width <= 2 * one_cell


def test_hottest_place_may_lie_between_two_cells() -> None:
    cells = np.full((8, 8), 0.1, np.float32)
    cells[3, 3], cells[3, 4] = 0.9, 0.85
    row, column = np.unravel_index(int(finer(cells).argmax()), (8 * FINER, 8 * FINER))
    middles = (3.5 * FINER, 4.5 * FINER)
    assert middles[0] + 0.5 < column + 0.5 < middles[1] - 0.5
    assert abs(row + 0.5 - 3.5 * FINER) <= 0.5


def test_heatmap_is_cold_where_the_network_did_not_look(preparing: PreprocessingCard) -> None:
    placement = placed(400, 400, preparing)
    assert placement.rect.width < 400
    heatmap = image_heatmap(finer(cold(placement) + 1), placement)
    columns = (np.arange(heatmap.shape[1]) + 0.5) * 400 / heatmap.shape[1]
    inside = (columns > placement.rect.left) & (columns < placement.rect.right)
    assert (heatmap[:, inside] == 255).all()
    assert not heatmap[:, ~inside].any()


def test_boxes_come_hottest_first_and_at_most_five(preparing: PreprocessingCard) -> None:
    placement = placed(128, 128, preparing)
    cells = cold(placement)
    for place in range(8):
        cells[place % 4 * 2, place // 4 * 4 + 1] = 0.9 - place / 20
    boxes = boxes_of(finer(cells), RULE, placement, "dotted")
    assert 0 < len(boxes) <= MOST_BOXES
    assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)


def test_cells_that_touch_make_one_box(preparing: PreprocessingCard) -> None:
    placement = placed(128, 128, preparing)
    cells = cold(placement)
    cells[2:6, 3] = cells[5, 3:6] = 1
    assert len(boxes_of(finer(cells), BoxRule(0.5, RULE.trim), placement, "solid")) == 1


def test_cold_map_has_no_boxes(preparing: PreprocessingCard) -> None:
    placement = placed(128, 128, preparing)
    assert boxes_of(finer(cold(placement) + np.float32(0.2)), RULE, placement, "solid") == ()


def test_box_leaves_out_the_warm_rim_of_its_place(preparing: PreprocessingCard) -> None:
    placement = placed(128, 128, preparing)
    cells = cold(placement)
    cells[1:7, 1:7] = 0.6
    cells[4, 2] = 0.95
    (box,) = boxes_of(finer(cells), BoxRule(0.5, RULE.trim), placement, "solid")
    x, y = placement.to_canvas(box.x + box.width / 2, box.y + box.height / 2)
    assert (int(x / CELL_PX), int(y / CELL_PX)) == (2, 4)
    assert max(box.width * placement.scale_x, box.height * placement.scale_y) < 2 * CELL_PX


def test_place_in_the_core_of_a_hotter_one_has_no_box_of_its_own(preparing: PreprocessingCard) -> None:
    placement = placed(128, 128, preparing)
    cells = cold(placement)
    cells[2:6, 3] = 0.6, 0.45, 0.45, 0.58
    apart, together = (boxes_of(finer(cells), BoxRule(0.55, trim), placement, "solid") for trim in (0.9, 0.6))
    assert [box.score for box in apart] == pytest.approx([0.6, 0.58], abs=0.08)
    (box,) = together
    assert box.height > apart[0].height + apart[1].height


def test_box_holds_more_of_its_place_the_less_is_trimmed(preparing: PreprocessingCard) -> None:
    placement = placed(128, 128, preparing)
    across = np.arange(len(cold(placement))) - 4
    cells = np.exp(-(across[:, None] ** 2 + across**2) / 4).astype(np.float32)
    widths = [
        boxes_of(finer(cells), BoxRule(0.1, trim), placement, "solid")[0].width for trim in (0.9, 0.6, 0.3)
    ]
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_hottest_place_of_the_image_is_boxed_however_cold(
    width: int, height: int, preparing: PreprocessingCard
) -> None:
    placement = placed(width, height, preparing)
    x, y = width / 2, height / 3
    cells = np.float32(0.01) + np.float32(0.1) * hot_at(x, y, placement)
    (box,) = hottest_box(finer(cells), RULE.trim, placement)
    one_cell = CELL_PX / min(placement.scale_x, placement.scale_y)
    assert box.kind == "dotted"
    assert abs(box.x + box.width / 2 - x) <= one_cell
    assert abs(box.y + box.height / 2 - y) <= one_cell


def test_padding_is_never_the_hottest_place(preparing: PreprocessingCard) -> None:
    placement = placed(120, 500, preparing)
    assert placement.pad_x > 2 * CELL_PX
    cells = np.float32(0.1) * hot_at(60, 250, placement)
    cells[:, 0] = 0.9
    (box,) = hottest_box(finer(cells), RULE.trim, placement)
    assert abs(box.y + box.height / 2 - 250) <= CELL_PX / placement.scale_y
    assert box.x + box.width / 2 > 0.3 * 120


def test_even_map_has_no_hottest_place(preparing: PreprocessingCard) -> None:
    placement = placed(128, 128, preparing)
    assert hottest_box(finer(cold(placement) + np.float32(0.2)), RULE.trim, placement) == ()
