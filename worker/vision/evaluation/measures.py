"""The measures by which a release is judged, each of any part of the outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.vision.card import OperatingPoints
from worker.vision.evaluation import metrics
from worker.vision.evaluation.bootstrap import Measure
from worker.vision.evaluation.boxes import box_precision, first_box_hits
from worker.vision.evaluation.outcome import Outcome, labels_of, probabilities_of

NAMES = {
    "auroc": "AUROC",
    "pr_auc": "Area under precision and recall",
    "rule_out_sensitivity": "Sensitivity at the rule-out point",
    "rule_out_specificity": "Specificity at the rule-out point",
    "rule_in_sensitivity": "Sensitivity at the rule-in point",
    "rule_in_specificity": "Specificity at the rule-in point",
    "accuracy": "Accuracy, fractured meaning rule-in",
    "precision": "Precision, fractured meaning rule-in",
    "recall": "Recall, fractured meaning rule-in",
    "f1": "F1, fractured meaning rule-in",
    "calibration_error": "Expected calibration error (10 bins)",
    "brier": "Brier score",
    "hit_rate": "Hottest spot inside a marked fracture",
    "first_box_hit_rate": "Centre of the first box inside a marked fracture",
    "box_precision_30": "Average precision of boxes at IoU 0.3",
    "box_precision_50": "Average precision of boxes at IoU 0.5",
}


def measures_of(outcomes: Sequence[Outcome], points: OperatingPoints) -> dict[str, Measure]:
    """By the keys of NAMES. A measure of nothing is nan."""
    labels, scores = labels_of(outcomes), probabilities_of(outcomes)
    hits = np.array([math.nan if outcome.is_hit is None else float(outcome.is_hit) for outcome in outcomes])
    first_hits = first_box_hits(outcomes)

    def of_both(measure: Any, *more: float) -> Measure:
        return lambda chosen: measure(labels[chosen], scores[chosen], *more)

    return {
        "auroc": of_both(metrics.auroc),
        "pr_auc": of_both(metrics.average_precision),
        "rule_out_sensitivity": of_both(metrics.sensitivity, points.rule_out),
        "rule_out_specificity": of_both(metrics.specificity, points.rule_out),
        "rule_in_sensitivity": of_both(metrics.sensitivity, points.rule_in),
        "rule_in_specificity": of_both(metrics.specificity, points.rule_in),
        "accuracy": of_both(metrics.accuracy, points.rule_in),
        "precision": of_both(metrics.precision, points.rule_in),
        "recall": of_both(metrics.sensitivity, points.rule_in),
        "f1": of_both(metrics.f1, points.rule_in),
        "calibration_error": of_both(metrics.calibration_error),
        "brier": of_both(metrics.brier),
        "hit_rate": lambda chosen: _mean_of_known(hits[chosen]),
        "first_box_hit_rate": lambda chosen: _mean_of_known(first_hits[chosen]),
        "box_precision_30": box_precision(outcomes, 0.3),
        "box_precision_50": box_precision(outcomes, 0.5),
    }


def _mean_of_known(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan
