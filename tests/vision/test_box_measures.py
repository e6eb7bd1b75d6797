from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.vision.evaluation.boxes import box_precision, first_box_hits, iou
from worker.vision.evaluation.outcome import Outcome
from worker.vision.manifest import BoxPx, Row
from worker.vision.reading import Box

MARK: BoxPx = (10, 10, 20, 20)
ASIDE: BoxPx = (60, 60, 20, 20)


def outcome(marked: tuple[BoxPx, ...], *found: tuple[BoxPx, float], is_fractured: bool = True) -> Outcome:
    row = Row(Path("a.png"), "a.png", is_fractured, "hand", marked, "a", None)
    boxes = tuple(Box(*box, score, "solid") for box, score in found)
    return Outcome(row, 0.9, "fracture", None, boxes)


def everyone(outcomes: list[Outcome]) -> NDArray[np.int64]:
    return np.arange(len(outcomes))


def precision(*outcomes: Outcome, least_iou: float = 0.3) -> float:
    return box_precision(outcomes, least_iou)(everyone(list(outcomes)))


def test_overlap_of_a_worked_example() -> None:
    assert iou((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert iou(MARK, MARK) == pytest.approx(1)
    assert iou(MARK, ASIDE) == 0


def test_boxes_that_match_their_marks_are_perfect_and_others_are_nothing() -> None:
    assert precision(outcome((MARK,), (MARK, 0.8)), outcome((), is_fractured=False)) == 1
    assert precision(outcome((MARK,), (ASIDE, 0.8))) == 0
    assert precision(outcome((MARK,))) == 0


def test_false_box_costs_only_when_it_is_hotter() -> None:
    right = outcome((MARK,), (MARK, 0.5))
    assert precision(right, outcome((), (ASIDE, 0.4), is_fractured=False)) == 1
    assert precision(right, outcome((), (ASIDE, 0.6), is_fractured=False)) == pytest.approx(0.5)


def test_boxes_of_one_score_are_ranked_alike_whichever_image_comes_first() -> None:
    right, wrong = outcome((MARK,), (MARK, 0.5)), outcome((), (ASIDE, 0.5), is_fractured=False)
    assert precision(right, wrong) == precision(wrong, right) == pytest.approx(0.5)


def test_second_box_on_one_fracture_finds_nothing_new() -> None:
    twice = outcome((MARK, ASIDE), (MARK, 0.9), (MARK, 0.8), (ASIDE, 0.7))
    assert precision(twice) == pytest.approx((1 + 2 / 3) / 2)


def test_stricter_overlap_finds_fewer() -> None:
    loose = outcome((MARK,), ((10, 10, 20, 40), 0.9))
    assert (precision(loose), precision(loose, least_iou=0.6)) == (1, 0)


def test_fracture_that_nobody_marked_is_not_judged() -> None:
    assert precision(outcome((MARK,), (MARK, 0.5)), outcome((), (ASIDE, 0.9))) == 1
    assert math.isnan(precision(outcome((), (ASIDE, 0.9))))


def test_image_drawn_twice_counts_twice() -> None:
    outcomes = [outcome((MARK,), (MARK, 0.5)), outcome((MARK,), (ASIDE, 0.9))]
    measure = box_precision(outcomes, 0.3)
    again = outcomes + outcomes[1:]
    assert measure(np.array([0, 1, 1])) == pytest.approx(box_precision(again, 0.3)(everyone(again)))
    assert measure(np.array([0])) == 1


def test_first_box_hits_when_its_centre_lies_in_a_mark() -> None:
    hits = first_box_hits(
        [
            outcome((MARK,), ((0, 0, 40, 40), 0.9)),
            outcome((MARK,), (ASIDE, 0.9)),
            outcome((MARK,)),
            outcome(()),
        ]
    )
    assert hits[:3].tolist() == [1, 0, 0]
    assert math.isnan(hits[3])
