"""How well a release reads a list of labelled images."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from worker.vision.card import OperatingPoints
from worker.vision.evaluation.bootstrap import Estimate, estimates
from worker.vision.evaluation.measures import measures_of
from worker.vision.evaluation.outcome import Outcome, labels_of
from worker.vision.evaluation.parts import Facts, by_body_part, by_hardware, confusion


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
    body_parts: dict[str, Facts]
    hardware: dict[str, Facts]  # empty when the list does not tell
    confusion: dict[str, dict[str, int]]  # fractured or sound, then verdict

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON: what cannot be computed is null."""
        return without_nan(asdict(self))


def report_on(
    outcomes: list[Outcome],
    release: str,
    folds: list[int] | None,
    points: OperatingPoints,
    out_of_scope: int = 0,
    refused: int = 0,
) -> Report:
    """Judge the outcomes of the images that were read.

    points  for the reader of the report; the outcomes carry their verdicts
    """
    labels = labels_of(outcomes)
    return Report(
        release=release,
        folds=folds,
        images=len(outcomes),
        fractured=int(labels.sum()),
        out_of_scope=out_of_scope,
        refused=refused,
        operating_points=points,
        measures=estimates(measures_of(outcomes), [outcome.row.group for outcome in outcomes]),
        body_parts=by_body_part(outcomes),
        hardware=by_hardware(outcomes),
        confusion=confusion(outcomes),
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
        *(f"{truth:26}{_counts_text(counts)}" for truth, counts in report.confusion.items()),
        "",
        *(f"{part:26}{_part_text(facts)}" for part, facts in (report.body_parts | report.hardware).items()),
    ]
    return "\n".join(lines)


def _counts_text(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def _part_text(facts: Facts) -> str:
    counts = f"{facts['images']} images, {facts['fractured']} fractured"
    return counts if facts["auroc"] is None else f"{counts}, AUROC {facts['auroc']:.3f}"


def without_nan(value: Any) -> Any:
    """The same nested value with None for every number that is not one."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
