"""What a recipe is worth: every image is judged by the network that never saw it or its group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.vision.engine import Outputs
from worker.vision.evaluation.outcome import Outcome, outcome_of
from worker.vision.interpretation import Rules, reading_of
from worker.vision.manifest import Row
from worker.vision.training.answers import joined
from worker.vision.training.samples import Sample
from worker.vision.training.tuning import tune


@dataclass(frozen=True)
class Fold:
    """One fold's images and what the network that was trained without it says of them."""

    rows: Sequence[Row]
    samples: Sequence[Sample]
    outputs: Outputs


def tuned_on(folds: Sequence[Fold], side_px: int) -> Rules:
    """Calibration, operating points and box threshold by all the images of some folds."""
    samples = [sample for fold in folds for sample in fold.samples]
    return tune(samples, joined([fold.outputs for fold in folds]), side_px)


def outcomes_of(folds: Sequence[Fold], side_px: int) -> list[Outcome]:
    """The readings of every fold, calibrated and judged by rules that were tuned on the other folds."""
    outcomes: list[Outcome] = []
    for number, fold in enumerate(folds):
        rules = tuned_on([other for place, other in enumerate(folds) if place != number], side_px)
        outcomes += _outcomes(fold, rules)
    return outcomes


def uncalibrated(folds: Sequence[Fold]) -> list[float]:
    """The networks' own probabilities, before calibration, in the order of `outcomes_of`."""
    logits = joined([fold.outputs for fold in folds]).logits.astype(np.float64)
    return [float(value) for value in 1 / (1 + np.exp(-logits))]


def _outcomes(fold: Fold, rules: Rules) -> list[Outcome]:
    outcomes = []
    for place, (row, sample) in enumerate(zip(fold.rows, fold.samples, strict=True)):
        logit, cells = float(fold.outputs.logits[place]), fold.outputs.maps[place]
        reading = reading_of(rules, sample.placement, logit, cells, scope=0.0)
        outcome = outcome_of(row, reading, sample.placement)
        assert outcome is not None  # rules tuned here know no scope: they read every image
        outcomes.append(outcome)
    return outcomes
