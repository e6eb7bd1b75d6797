"""From a network's raw answers for one image to what staff are shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.vision.boxes import BoxRule, boxes_of, hottest_box
from worker.vision.card import Calibration, OperatingPoints, ReleaseCard
from worker.vision.finer import finer, map_probabilities
from worker.vision.heatmap import image_heatmap
from worker.vision.preprocess import Placement
from worker.vision.reading import Reading
from worker.vision.verdicts import FRACTURE, NO_FRACTURE, OUT_OF_SCOPE, calibrated, sigmoid, verdict_of


@dataclass(frozen=True)
class Rules:
    """What turns raw answers into words and boxes. Probabilities 0..1."""

    calibration: Calibration
    operating_points: OperatingPoints
    boxes: BoxRule
    least_scope: float | None = None  # below it an image is out of scope; None reads every image

    @classmethod
    def of(cls, card: ReleaseCard) -> Rules:
        boxes = BoxRule(card.box_threshold, card.box_trim)
        return cls(card.calibration, card.operating_points, boxes, card.least_scope)


def reading_of(
    rules: Rules, placement: Placement, logit: float, cells: NDArray[np.float32], scope: float
) -> Reading:
    """The reading of one image.

    cells  logits of the map (rows, columns) over the canvas
    """
    heat = finer(map_probabilities(cells))
    heatmap = image_heatmap(heat, placement)
    if rules.least_scope is not None and sigmoid(scope) < rules.least_scope:
        return Reading(None, OUT_OF_SCOPE, (), np.zeros_like(heatmap))
    probability = calibrated(logit, rules.calibration)
    verdict = verdict_of(probability, rules.operating_points)
    if verdict == NO_FRACTURE:
        return Reading(probability, verdict, (), heatmap)
    kind = "solid" if verdict == FRACTURE else "dotted"
    boxes = boxes_of(heat, rules.boxes, placement, kind)
    # A verdict without a place is hard to check: say at least where to look first.
    boxes = boxes or hottest_box(heat, rules.boxes.trim, placement)
    return Reading(probability, verdict, boxes, heatmap)
