"""What a release said about one labelled image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.vision.evaluation.metrics import Labels, Scores
from worker.vision.heatmap import peak
from worker.vision.manifest import BoxPx, Row
from worker.vision.preprocess import Placement
from worker.vision.reading import Box, Reading


@dataclass(frozen=True)
class Outcome:
    """A reading beside the truth.

    is_hit  whether the hottest spot lies in one of the marked boxes; None when the image has none
    """

    row: Row
    probability: float
    verdict: str
    is_hit: bool | None
    boxes: tuple[Box, ...] = ()  # as shown to staff, hottest first


def outcome_of(row: Row, reading: Reading, placement: Placement) -> Outcome | None:
    """None for an image that the release called out of scope: it has no probability to judge."""
    if reading.probability is None:
        return None
    x, y = peak(reading.heatmap, placement)
    is_hit = any(holds(box, x, y) for box in row.boxes) if row.boxes else None
    return Outcome(row, reading.probability, reading.verdict, is_hit, reading.boxes)


def holds(box: BoxPx, x: float, y: float, margin_px: float = 0.0) -> bool:
    """Whether a position lies in a box, its edges included, or so near."""
    left, top, width, height = box
    across = left - margin_px <= x <= left + width + margin_px
    return across and top - margin_px <= y <= top + height + margin_px


def labels_of(outcomes: Sequence[Outcome]) -> Labels:
    return np.array([outcome.row.is_fractured for outcome in outcomes], dtype=np.bool_)


def probabilities_of(outcomes: Sequence[Outcome]) -> Scores:
    return np.array([outcome.probability for outcome in outcomes], dtype=np.float64)
