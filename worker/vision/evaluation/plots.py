"""The diagrams of a report as PNG files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from worker.vision.evaluation import metrics
from worker.vision.evaluation.confusion import confusion, confusion_picture
from worker.vision.evaluation.diagram import Point, diagram, empty_diagram
from worker.vision.evaluation.measures import measures_of, undefined
from worker.vision.evaluation.metrics import Labels, Scores
from worker.vision.evaluation.outcome import Outcome, labels_of, probabilities_of

ROC_AXES = ("1 - specificity", "sensitivity")
PRECISION_RECALL_AXES = ("recall", "precision")
SAME_PLACE = 0.04  # of an axis: two names so near each other could not be read


def write_plots(folder: Path, outcomes: Sequence[Outcome], uncalibrated: Scores | None = None) -> list[Path]:
    """Confusion matrix, ROC, precision-recall and reliability; that of before calibration where known.

    uncalibrated  the networks' own probabilities, in the order of the outcomes
    """
    labels, probabilities = labels_of(outcomes), probabilities_of(outcomes)
    everything = np.arange(len(outcomes))
    values = {name: measure(everything) for name, measure in measures_of(outcomes).items()}
    drawn = {
        "confusion": confusion_picture(confusion(outcomes)),
        "roc": _roc(labels, probabilities, values),
        "precision_recall": _precision_recall(labels, probabilities, values),
    }
    if uncalibrated is None:
        drawn["reliability"] = _reliability("Reliability", labels, probabilities)
    else:
        drawn["reliability_before_calibration"] = _reliability("Before calibration", labels, uncalibrated)
        drawn["reliability"] = _reliability("After calibration", labels, probabilities)
    paths = [folder / f"{name}.png" for name in drawn]
    for path, picture in zip(paths, drawn.values(), strict=True):
        picture.save(path)
    return paths


def _roc(labels: Labels, probabilities: Scores, values: Mapping[str, float]) -> Image.Image:
    area = values["auroc"]
    if math.isnan(area):
        return empty_diagram("ROC", ROC_AXES, undefined("auroc"))
    false_rate, true_rate = metrics.roc(labels, probabilities)
    rule_out = 1 - values["rule_out_specificity"], values["rule_out_sensitivity"]
    rule_in = 1 - values["rule_in_specificity"], values["rule_in_sensitivity"]
    is_one = math.dist(rule_out, rule_in) < SAME_PLACE
    points = {"rule-out and rule-in": rule_in} if is_one else {"rule-out": rule_out, "rule-in": rule_in}
    curve = list(zip(false_rate.tolist(), true_rate.tolist(), strict=True))
    return diagram(f"ROC, area {area:.3f}", ROC_AXES, curve, ((0, 0), (1, 1)), points)


def _precision_recall(labels: Labels, probabilities: Scores, values: Mapping[str, float]) -> Image.Image:
    area = values["pr_auc"]
    if math.isnan(area):
        return empty_diagram("Precision and recall", PRECISION_RECALL_AXES, undefined("pr_auc"))
    precision, recall = metrics.precision_recall(labels, probabilities)
    points: dict[str, Point] = {}
    if not math.isnan(values["precision"]):
        points["rule-in"] = values["recall"], values["precision"]
    prevalence = float(labels.mean())
    curve = list(zip(recall.tolist(), precision.tolist(), strict=True))
    return diagram(
        f"Precision and recall, area {area:.3f}",
        PRECISION_RECALL_AXES,
        curve,
        ((0, prevalence), (1, prevalence)),
        points,
    )


def _reliability(title: str, labels: Labels, probabilities: Scores) -> Image.Image:
    bins = metrics.reliability(labels, probabilities)
    error = metrics.calibration_error(labels, probabilities)
    return diagram(
        f"{title}, calibration error {error:.3f}",
        ("mean probability", "share fractured"),
        [(said, true) for said, true, _ in bins],
        ((0, 0), (1, 1)),
        counts=[count for _, _, count in bins],
    )
