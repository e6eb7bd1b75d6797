"""The measures by which a release is judged, each of any part of the outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.vision.evaluation import metrics
from worker.vision.evaluation.bootstrap import Measure
from worker.vision.evaluation.boxes import box_precision, first_box_hits
from worker.vision.evaluation.outcome import Outcome, labels_of, probabilities_of
from worker.vision.verdicts import DOUBT, FRACTURE, NO_FRACTURE

CERTAINTY = (NO_FRACTURE, DOUBT, FRACTURE)
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
NEEDED = {  # what a measure is nan without
    "auroc": "both fractured and sound images",
    "pr_auc": "fractured images",
    "rule_out_sensitivity": "fractured images",
    "rule_out_specificity": "sound images",
    "rule_in_sensitivity": "fractured images",
    "rule_in_specificity": "sound images",
    "precision": "images called fracture",
    "recall": "fractured images",
    "f1": "fractured images",
    "hit_rate": "marked fractures",
    "first_box_hit_rate": "marked fractures",
    "box_precision_30": "marked fractures",
    "box_precision_50": "marked fractures",
}


def undefined(name: str) -> str:
    """Why a measure has no value, for people."""
    return f"not defined without {NEEDED[name]}"


def measures_of(outcomes: Sequence[Outcome]) -> dict[str, Measure]:
    """By the keys of NAMES. A measure of nothing is nan.

    Sensitivities and specificities are those of the verdicts that were given: images may have been judged at
    different operating points.
    """
    labels, scores = labels_of(outcomes), probabilities_of(outcomes)
    certainty = np.array([CERTAINTY.index(outcome.verdict) for outcome in outcomes], np.float64)
    hits = np.array([math.nan if outcome.is_hit is None else float(outcome.is_hit) for outcome in outcomes])
    first_hits = first_box_hits(outcomes)

    def of_both(measure: Any) -> Measure:
        return lambda chosen: measure(labels[chosen], scores[chosen])

    def at(verdict: str, measure: Any) -> Measure:
        return lambda chosen: measure(labels[chosen], certainty[chosen], CERTAINTY.index(verdict))

    return {
        "auroc": of_both(metrics.auroc),
        "pr_auc": of_both(metrics.average_precision),
        "rule_out_sensitivity": at(DOUBT, metrics.sensitivity),
        "rule_out_specificity": at(DOUBT, metrics.specificity),
        "rule_in_sensitivity": at(FRACTURE, metrics.sensitivity),
        "rule_in_specificity": at(FRACTURE, metrics.specificity),
        "accuracy": at(FRACTURE, metrics.accuracy),
        "precision": at(FRACTURE, metrics.precision),
        "recall": at(FRACTURE, metrics.sensitivity),
        "f1": at(FRACTURE, metrics.f1),
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
