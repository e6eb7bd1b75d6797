"""What a recipe is worth: every image is judged by the network that never saw it or its group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.evaluation.outcome import Outcome, outcome_of
from worker.vision.interpretation import Rules, reading_of
from worker.vision.manifest import Row
from worker.vision.passes import Answer
from worker.vision.training.samples import Sample
from worker.vision.training.tuning import tune
from worker.vision.verdicts import sigmoid


@dataclass(frozen=True)
class Fold:
    """One fold's images and what the network that was trained without it says of them."""

    number: int
    rows: Sequence[Row]
    samples: Sequence[Sample]
    said: Sequence[Answer]


def tuned_on(folds: Sequence[Fold]) -> Rules:
    """Calibration, operating points and box rule by all the images of some folds."""
    samples = [sample for fold in folds for sample in fold.samples]
    return tune(samples, [answer for fold in folds for answer in fold.said])


def outcomes_of(folds: Sequence[Fold]) -> list[Outcome]:
    """The readings of every fold, calibrated and judged by rules that were tuned on the other folds."""
    outcomes: list[Outcome] = []
    for fold in folds:
        rules = tuned_on([other for other in folds if other.number != fold.number])
        outcomes += _outcomes(fold, rules)
    return outcomes


def uncalibrated(folds: Sequence[Fold]) -> list[float]:
    """The networks' own probabilities, before calibration, in the order of `outcomes_of`."""
    return [sigmoid(answer.logit) for fold in folds for answer in fold.said]


def _outcomes(fold: Fold, rules: Rules) -> list[Outcome]:
    outcomes = []
    for row, sample, answer in zip(fold.rows, fold.samples, fold.said, strict=True):
        reading = reading_of(rules, sample.placement, *answer)
        outcome = outcome_of(row, reading, sample.placement)
        assert outcome is not None  # rules tuned here know no scope: they read every image
        outcomes.append(outcome)
    return outcomes
