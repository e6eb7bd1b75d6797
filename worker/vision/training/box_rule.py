"""Choose how hot the map must be to draw a box, and how much of a hot place the box holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.vision.boxes import BoxRule, boxes_of, hottest_box
from worker.vision.canvas import Canvas
from worker.vision.content import Rect
from worker.vision.evaluation.boxes import iou
from worker.vision.finer import finer
from worker.vision.manifest import BoxPx
from worker.vision.preprocess import Placement
from worker.vision.reading import Box
from worker.vision.training.samples import Sample

THRESHOLDS = tuple(float(value) for value in np.round(np.arange(0.1, 0.9, 0.05), 2))
TRIMS = tuple(float(value) for value in np.round(np.arange(0.5, 0.96, 0.05), 2))

Maps = Sequence[NDArray[np.float32]]


def choose_box_rule(maps: Maps, samples: Sequence[Sample]) -> BoxRule:
    """The rule that draws boxes most like the marked ones.

    maps     probabilities (rows, columns) of each fractured image
    samples  the images
    """
    fine_maps = [finer(cells) for cells in maps]
    trim = _choose_trim(fine_maps, samples)
    return BoxRule(_choose_threshold(fine_maps, samples, trim), trim)


def _choose_trim(fine_maps: Maps, samples: Sequence[Sample]) -> float:
    """The candidate whose boxes around each image's hottest place overlap the marked ones best."""
    wholes = [_whole(sample.placement.canvas) for sample in samples]

    def overlap(trim: float) -> float:
        return sum(
            max((iou((box.x, box.y, box.width, box.height), true) for true in sample.boxes), default=0.0)
            for fine, whole, sample in zip(fine_maps, wholes, samples, strict=True)
            for box in hottest_box(fine, trim, whole)
        )

    return max(reversed(TRIMS), key=overlap)


def _choose_threshold(fine_maps: Maps, samples: Sequence[Sample], trim: float) -> float:
    """The candidate with the best F1 of boxes, a box counting as right when its centre lies in a marked one.

    Of equals the hottest: a lower one would call faint places certain.
    """
    wholes = [_whole(sample.placement.canvas) for sample in samples]

    def f1(threshold: float) -> float:
        rule = BoxRule(threshold, trim)
        right = drawn = found = marked = 0
        for fine, whole, sample in zip(fine_maps, wholes, samples, strict=True):
            boxes, truth = boxes_of(fine, rule, whole, "solid"), sample.boxes
            hits = [[_holds_centre(true, box) for true in truth] for box in boxes]
            right += sum(any(row) for row in hits)
            drawn += len(boxes)
            found += sum(any(row[place] for row in hits) for place in range(len(truth)))
            marked += len(truth)
        precision, recall = right / max(drawn, 1), found / max(marked, 1)
        return 2 * precision * recall / max(precision + recall, 1e-9)

    return max(reversed(THRESHOLDS), key=f1)


def _whole(canvas: Canvas) -> Placement:
    """Of a picture that is the canvas itself: boxes are compared there."""
    height, width = canvas
    return Placement(canvas, width, height, Rect(0, 0, width, height), 1.0, 1.0, 0, 0, width, height)


def _holds_centre(true: BoxPx, box: Box) -> bool:
    left, top, width, height = true
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return left <= x <= left + width and top <= y <= top + height
