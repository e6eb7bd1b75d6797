"""Choose how hot the map must be to draw a box, and how much of a hot place the box holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.vision.boxes import BoxRule, boxes_of, hottest_box
from worker.vision.canvas import Canvas
from worker.vision.content import Rect
from worker.vision.evaluation.boxes import iou
from worker.vision.evaluation.outcome import holds
from worker.vision.finer import finer
from worker.vision.manifest import BoxPx
from worker.vision.preprocess import Placement
from worker.vision.training.samples import Sample

THRESHOLDS = tuple(float(value) for value in np.round(np.arange(0.1, 0.9, 0.05), 2))
TRIMS = tuple(float(value) for value in np.round(np.arange(0.5, 0.96, 0.05), 2))


class Marked(NamedTuple):
    """A fractured image beside its truth, both on the canvas: boxes are compared there."""

    fine: NDArray[np.float32]  # probabilities, as `finer` gives them
    whole: Placement  # of a picture that is the canvas itself
    truth: Sequence[BoxPx]


def choose_box_rule(maps: Sequence[NDArray[np.float32]], samples: Sequence[Sample]) -> BoxRule:
    """The rule that draws boxes most like the marked ones.

    maps     probabilities (rows, columns) of each fractured image
    samples  the images
    """
    images = [
        Marked(finer(cells), _whole(sample.placement.canvas), sample.boxes)
        for cells, sample in zip(maps, samples, strict=True)
    ]
    trim = _choose_trim(images)
    return BoxRule(_choose_threshold(images, trim), trim)


def _choose_trim(images: Sequence[Marked]) -> float:
    """The candidate whose boxes around each image's hottest place overlap the marked ones best."""

    def overlap(trim: float) -> float:
        return sum(
            max((iou(box.px, true) for true in truth), default=0.0)
            for fine, whole, truth in images
            for box in hottest_box(fine, trim, whole)
        )

    return max(reversed(TRIMS), key=overlap)


def _choose_threshold(images: Sequence[Marked], trim: float) -> float:
    """The candidate with the best F1 of boxes, a box counting as right when its centre lies in a marked one.

    Of equals the hottest: a lower one would call faint places certain.
    """

    def f1(threshold: float) -> float:
        rule = BoxRule(threshold, trim)
        right = drawn = found = marked = 0
        for fine, whole, truth in images:
            boxes = boxes_of(fine, rule, whole, "solid")
            hits = [[holds(true, *box.centre) for true in truth] for box in boxes]
            right += sum(any(row) for row in hits)
            drawn += len(boxes)
            found += sum(any(row[place] for row in hits) for place in range(len(truth)))
            marked += len(truth)
        precision, recall = right / max(drawn, 1), found / max(marked, 1)
        return 2 * precision * recall / max(precision + recall, 1e-9)

    return max(reversed(THRESHOLDS), key=f1)


def _whole(canvas: Canvas) -> Placement:
    height, width = canvas
    return Placement(canvas, width, height, Rect(0, 0, width, height), 1.0, 1.0, 0, 0, width, height)
