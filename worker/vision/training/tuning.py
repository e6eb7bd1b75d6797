"""Turn logits into calibrated probabilities and choose where the verdicts change, on images kept for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.vision.card import Calibration, OperatingPoints
from worker.vision.evaluation.metrics import Labels, Scores
from worker.vision.finer import map_probabilities
from worker.vision.interpretation import Rules
from worker.vision.passes import Answer
from worker.vision.training.answers import logits_of
from worker.vision.training.box_rule import choose_box_rule
from worker.vision.training.samples import Sample
from worker.vision.verdicts import calibrated

SENSITIVITY_WHEN_RULING_OUT = 0.95
SPECIFICITY_WHEN_RULING_IN = 0.95
STEPS = 50
LONGEST_STEP = 1.0
RIDGE = 1e-3  # keeps the slope finite when the logits part the classes perfectly


def tune(samples: Sequence[Sample], said: Sequence[Answer]) -> Rules:
    """Calibration, operating points and box rule, by a network's answers to images it never saw.

    raises  ValueError unless both fractured and sound ones are among them
    """
    labels = np.array([sample.is_fractured for sample in samples])
    if labels.all() or not labels.any():
        raise ValueError("the images to tune a release by must be fractured ones and sound ones")
    logits = logits_of(said)
    calibration = fit_calibration(labels, logits)
    probabilities = np.array([calibrated(logit, calibration) for logit in logits.tolist()])
    fractured = [place for place, sample in enumerate(samples) if sample.is_fractured]
    maps = [map_probabilities(said[place].cells) for place in fractured]
    return Rules(
        calibration=calibration,
        operating_points=choose_operating_points(labels, probabilities),
        boxes=choose_box_rule(maps, [samples[place] for place in fractured]),
    )


def fit_calibration(labels: Labels, logits: Scores) -> Calibration:
    """Platt scaling by Newton's method, with Platt's softened targets against overconfidence.

    source  Platt 1999, "Probabilistic outputs for support vector machines"
    """
    positives, negatives = int(labels.sum()), int((~labels).sum())
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, spread = float(logits.mean()), float(logits.std()) + 1e-6
    design = np.column_stack([(logits - centre) / spread, np.ones_like(logits)])
    weights = np.zeros(2)
    for _ in range(STEPS):
        weights = weights + _step(design, target, weights)
    slope = float(weights[0]) / spread
    return Calibration(slope=slope, intercept=float(weights[1]) - slope * centre)


def _step(design: Scores, target: Scores, weights: Scores) -> Scores:
    """Newton's step, no longer than LONGEST_STEP: far from the optimum a whole one overshoots."""
    probability = 1 / (1 + np.exp(-np.clip(design @ weights, -60, 60)))
    gradient = design.T @ (target - probability) - RIDGE * weights
    curvature = (design * (probability * (1 - probability))[:, None]).T @ design + RIDGE * np.eye(2)
    step = np.asarray(np.linalg.solve(curvature, gradient), np.float64)
    return step / max(1.0, float(np.abs(step).max()) / LONGEST_STEP)


def choose_operating_points(labels: Labels, probabilities: Scores) -> OperatingPoints:
    """The highest rule-out threshold and the lowest rule-in threshold that reach what is demanded of them.

    Each lies half way between two images' probabilities, or just beyond the outermost. Where a network
    satisfies both over a range, the two meet in its middle and no image is in doubt.
    """
    rule_out = _half_way_below(probabilities, _kept_share(probabilities[labels], SENSITIVITY_WHEN_RULING_OUT))
    sound = -probabilities[~labels]
    rule_in = -_half_way_below(-probabilities, _kept_share(sound, SPECIFICITY_WHEN_RULING_IN))
    if rule_out > rule_in:
        rule_out = rule_in = (rule_out + rule_in) / 2
    return OperatingPoints(rule_out=max(0.0, float(rule_out)), rule_in=min(1.0, float(rule_in)))


def _kept_share(scores: Scores, share: float) -> float:
    """The largest score such that at least `share` of the scores are at or above it."""
    ordered = np.sort(scores)[::-1]
    return float(ordered[int(np.ceil(share * len(ordered))) - 1])


def _half_way_below(scores: Scores, score: float) -> float:
    below = scores[scores < score]
    return (score + float(below.max())) / 2 if len(below) else float(np.nextafter(score, -np.inf))
