"""Measures of how well probabilities tell fractured from sound, in plain numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_]  # (N,) fractured or not
Scores = NDArray[np.float64]  # (N,) larger means more likely fractured


def auroc(labels: Labels, scores: Scores) -> float:
    """Chance that a fractured image scores above a sound one, ties counting half; nan with one class only."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = _mean_ranks(scores)
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(labels: Labels, scores: Scores) -> float:
    """Area under the precision-recall steps, equal scores taken together; nan without a fractured image."""
    if not labels.any():
        return float("nan")
    precision, recall = precision_recall(labels, scores)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def precision_recall(labels: Labels, scores: Scores) -> tuple[Scores, Scores]:
    """Precision and recall when the k highest scores are called fractured, one point per distinct score.

    Needs a fractured image: without one there is no recall.
    """
    hits, called = _counts_at_distinct_scores(labels, scores)
    return hits / called, hits / labels.sum()


def roc(labels: Labels, scores: Scores) -> tuple[Scores, Scores]:
    """False and true positive rate, from (0, 0) to (1, 1), one point per distinct score.

    With one class only, the rate of the other is 0 throughout.
    """
    hits, called = _counts_at_distinct_scores(labels, scores)
    false_rate = (called - hits) / max(int((~labels).sum()), 1)
    return np.concatenate([[0.0], false_rate]), np.concatenate([[0.0], hits / max(int(labels.sum()), 1)])


def sensitivity(labels: Labels, scores: Scores, threshold: float) -> float:
    """Share of fractured images at or above the threshold; nan without one."""
    return float((scores[labels] >= threshold).mean()) if labels.any() else float("nan")


def specificity(labels: Labels, scores: Scores, threshold: float) -> float:
    """Share of sound images below the threshold; nan without one."""
    return float((scores[~labels] < threshold).mean()) if (~labels).any() else float("nan")


def accuracy(labels: Labels, scores: Scores, threshold: float) -> float:
    """Share of images on the right side of the threshold."""
    return float(((scores >= threshold) == labels).mean())


def precision(labels: Labels, scores: Scores, threshold: float) -> float:
    """Share of the images at or above the threshold that are fractured; nan when there is none."""
    called = scores >= threshold
    return float(labels[called].mean()) if called.any() else float("nan")


def f1(labels: Labels, scores: Scores, threshold: float) -> float:
    """Harmonic mean of precision and recall at the threshold; nan without a fractured image."""
    hits = float((labels & (scores >= threshold)).sum())
    if not labels.any():
        return float("nan")
    return 2 * hits / float(labels.sum() + (scores >= threshold).sum())


def brier(labels: Labels, probabilities: Scores) -> float:
    """Mean squared distance of the probability from what was true."""
    return float(np.mean((probabilities - labels) ** 2))


def reliability(labels: Labels, probabilities: Scores, bins: int = 10) -> list[tuple[float, float, int]]:
    """Mean probability, share fractured and count of each bin of equal width that holds any image."""
    of_bin = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        (float(probabilities[inside].mean()), float(labels[inside].mean()), int(inside.sum()))
        for number in range(bins)
        if (inside := of_bin == number).any()
    ]


def calibration_error(labels: Labels, probabilities: Scores, bins: int = 10) -> float:
    """Expected calibration error: the mean gap of the reliability bins, weighted by their counts."""
    gaps = [abs(said - true) * count for said, true, count in reliability(labels, probabilities, bins)]
    return float(sum(gaps) / len(labels))


def _mean_ranks(scores: Scores) -> Scores:
    """1-based ranks, equal scores sharing the mean of theirs."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_rank: Scores = (last - (counts - 1) / 2)[place]
    return mean_rank


def _counts_at_distinct_scores(labels: Labels, scores: Scores) -> tuple[Scores, Scores]:
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    last_of_score = np.append(np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1)
    return np.cumsum(labels[order]).astype(float)[last_of_score], last_of_score + 1.0
