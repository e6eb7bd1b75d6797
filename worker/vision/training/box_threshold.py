"""Choose how hot the map must be to draw a box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.vision.boxes import boxes_of
from worker.vision.canvas import Canvas
from worker.vision.content import Rect
from worker.vision.finer import finer
from worker.vision.manifest import BoxPx
from worker.vision.preprocess import Placement
from worker.vision.reading import Box
from worker.vision.training.samples import Sample

CANDIDATES = tuple(float(value) for value in np.round(np.arange(0.1, 0.9, 0.05), 2))


def choose_box_threshold(maps: Sequence[NDArray[np.float32]], samples: Sequence[Sample]) -> float:
    """The candidate with the best F1 of boxes, a box counting as right when its centre lies in a marked one.

    Of equals the hottest: a lower one would call faint places certain.

    maps     probabilities (rows, columns) of each fractured image
    samples  the images
    """
    fine_maps = [finer(cells) for cells in maps]
    wholes = [_whole(sample.placement.canvas) for sample in samples]

    def f1(threshold: float) -> float:
        right = drawn = found = marked = 0
        for fine, whole, sample in zip(fine_maps, wholes, samples, strict=True):
            boxes, truth = boxes_of(fine, threshold, whole, "solid"), sample.boxes
            hits = [[_holds_centre(true, box) for true in truth] for box in boxes]
            right += sum(any(row) for row in hits)
            drawn += len(boxes)
            found += sum(any(row[place] for row in hits) for place in range(len(truth)))
            marked += len(truth)
        precision, recall = right / max(drawn, 1), found / max(marked, 1)
        return 2 * precision * recall / max(precision + recall, 1e-9)

    return max(reversed(CANDIDATES), key=f1)


def _whole(canvas: Canvas) -> Placement:
    """Of a picture that is the canvas itself: boxes are compared there."""
    height, width = canvas
    return Placement(canvas, width, height, Rect(0, 0, width, height), 1.0, 1.0, 0, 0, width, height)


def _holds_centre(true: BoxPx, box: Box) -> bool:
    left, top, width, height = true
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return left <= x <= left + width and top <= y <= top + height
