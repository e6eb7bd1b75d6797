"""How well a release reads a list of labelled images."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.vision.card import OperatingPoints
from worker.vision.evaluation import metrics
from worker.vision.evaluation.bootstrap import Estimate, Measure, estimates
from worker.vision.evaluation.outcome import Outcome, labels_of, probabilities_of

LEAST_OF_EACH_KIND = 10  # fewer fractured or sound images of a body part say nothing about it


@dataclass(frozen=True)
class Report:
    """Measures with 95 % intervals over resampled groups."""

    release: str
    folds: list[int] | None  # None: every row of the list
    images: int
    fractured: int
    out_of_scope: int
    refused: int
    operating_points: OperatingPoints
    measures: dict[str, Estimate]
    body_parts: dict[str, dict[str, float | int | None]]

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON: what cannot be computed is null."""
        return _without_nan(asdict(self))


def report_on(
    outcomes: list[Outcome],
    release: str,
    folds: list[int] | None,
    points: OperatingPoints,
    out_of_scope: int = 0,
    refused: int = 0,
) -> Report:
    """Judge the outcomes of the images that were read."""
    labels = labels_of(outcomes)
    return Report(
        release=release,
        folds=folds,
        images=len(outcomes),
        fractured=int(labels.sum()),
        out_of_scope=out_of_scope,
        refused=refused,
        operating_points=points,
        measures=estimates(_measures(outcomes, points), [outcome.row.group for outcome in outcomes]),
        body_parts=_by_body_part(outcomes),
    )


def as_text(report: Report) -> str:
    """The report for a terminal."""
    points = report.operating_points
    which = "all rows" if report.folds is None else f"fold {', '.join(map(str, report.folds))}"
    lines = [
        f"release {report.release}, {which}: {report.images} images, {report.fractured} fractured",
        f"not judged: {report.refused} refused, {report.out_of_scope} out of scope",
        f"rule-out at {points.rule_out:.4f}, rule-in at {points.rule_in:.4f}",
        "",
        *(f"{name:26}{estimate}" for name, estimate in report.measures.items()),
        "",
        *(f"{part:26}{_body_part_text(facts)}" for part, facts in report.body_parts.items()),
    ]
    return "\n".join(lines)


def _measures(outcomes: list[Outcome], points: OperatingPoints) -> dict[str, Measure]:
    labels, scores = labels_of(outcomes), probabilities_of(outcomes)
    hits = np.array([math.nan if outcome.is_hit is None else float(outcome.is_hit) for outcome in outcomes])

    def of_both(measure: Any, *more: float) -> Measure:
        return lambda chosen: measure(labels[chosen], scores[chosen], *more)

    return {
        "auroc": of_both(metrics.auroc),
        "pr_auc": of_both(metrics.average_precision),
        "rule_out_sensitivity": of_both(metrics.sensitivity, points.rule_out),
        "rule_out_specificity": of_both(metrics.specificity, points.rule_out),
        "rule_in_sensitivity": of_both(metrics.sensitivity, points.rule_in),
        "rule_in_specificity": of_both(metrics.specificity, points.rule_in),
        "calibration_error": of_both(metrics.calibration_error),
        "brier": of_both(metrics.brier),
        "hit_rate": lambda chosen: _mean_of_known(hits[chosen]),
    }


def _by_body_part(outcomes: list[Outcome]) -> dict[str, dict[str, float | int | None]]:
    parts = sorted({outcome.row.body_part for outcome in outcomes})
    return {part: _body_part([o for o in outcomes if o.row.body_part == part]) for part in parts}


def _body_part(outcomes: list[Outcome]) -> dict[str, float | int | None]:
    labels = labels_of(outcomes)
    fractured = int(labels.sum())
    is_enough = min(fractured, len(labels) - fractured) >= LEAST_OF_EACH_KIND
    return {
        "images": len(labels),
        "fractured": fractured,
        "auroc": metrics.auroc(labels, probabilities_of(outcomes)) if is_enough else None,
    }


def _body_part_text(facts: dict[str, float | int | None]) -> str:
    counts = f"{facts['images']} images, {facts['fractured']} fractured"
    return counts if facts["auroc"] is None else f"{counts}, AUROC {facts['auroc']:.3f}"


def _mean_of_known(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
