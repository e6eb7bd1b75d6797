"""How well the drawn boxes match those that radiologists marked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.vision.evaluation.bootstrap import Measure
from worker.vision.evaluation.outcome import Outcome, holds
from worker.vision.manifest import BoxPx


def box_precision(outcomes: Sequence[Outcome], least_iou: float) -> Measure:
    """Average precision of boxes over the chosen outcomes; nan when they have no marked box.

    All drawn boxes are ranked by their score, equal scores taken together; one is right when it overlaps a
    marked box, not yet taken by a hotter one, by `least_iou` or more. The precision at each recall is the
    best at that recall or beyond it (Everingham et al. 2010, "The Pascal Visual Object Classes Challenge").
    Fractured images without a marked box are left out: nobody knows which boxes would be right.
    """
    judged = [not outcome.row.is_fractured or bool(outcome.row.boxes) for outcome in outcomes]
    marked = np.array([len(outcome.row.boxes) for outcome in outcomes])
    ranked = sorted(
        (
            (-box.score, place, is_right)
            for place, outcome in enumerate(outcomes)
            if judged[place]
            for box, is_right in zip(outcome.boxes, _right(outcome, least_iou), strict=True)
        ),
    )
    places = np.array([place for _, place, _ in ranked], np.int64)
    right = np.array([is_right for _, _, is_right in ranked], np.float64)
    scores = np.array([score for score, _, _ in ranked])
    last_of_score = np.searchsorted(scores, scores, side="right") - 1  # the last box of the same score

    def measure(chosen: NDArray[np.int64]) -> float:
        times = np.bincount(chosen, minlength=len(outcomes))  # a resample holds some images several times
        total = float(marked @ times)
        if total == 0 or len(places) == 0:
            return math.nan if total == 0 else 0.0
        weights = times[places].astype(np.float64)
        hits, drawn = np.cumsum(right * weights), np.cumsum(weights)
        precision = (hits / np.maximum(drawn, 1))[last_of_score]
        best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(best_from_here * right * weights) / total)

    return measure


def first_box_hits(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    """1 where the centre of the first box lies in a marked one, else 0; nan where none is marked."""
    return np.array([_first_box_hit(outcome) for outcome in outcomes])


def iou(one: BoxPx, other: BoxPx) -> float:
    """Intersection over union, 0..1."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / max(one[2] * one[3] + other[2] * other[3] - shared, 1e-9)


def _right(outcome: Outcome, least_iou: float) -> list[bool]:
    """Which of an image's boxes, hottest first, find a marked box of their own."""
    left = list(outcome.row.boxes)
    right = []
    for box in outcome.boxes:
        overlaps = [iou(box.px, marked) for marked in left]
        is_right = bool(overlaps) and max(overlaps) >= least_iou
        if is_right:
            left.pop(int(np.argmax(overlaps)))
        right.append(is_right)
    return right


def _first_box_hit(outcome: Outcome) -> float:
    if not outcome.row.boxes:
        return math.nan
    if not outcome.boxes:
        return 0.0
    return float(any(holds(marked, *outcome.boxes[0].centre) for marked in outcome.row.boxes))
