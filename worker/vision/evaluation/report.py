"""How well a release reads a list of labelled images."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from worker.vision.card import OperatingPoints
from worker.vision.evaluation.bootstrap import Estimate, estimates
from worker.vision.evaluation.confusion import Confusion, confusion
from worker.vision.evaluation.measures import measures_of
from worker.vision.evaluation.outcome import Outcome, labels_of
from worker.vision.evaluation.parts import Part, by_body_part, by_hardware
from worker.vision.evaluation.seen import Seen


@dataclass(frozen=True)
class Report:
    """Measures with 95 % intervals over resampled groups."""

    release: str
    seen: Seen  # what it saw of these images before
    folds: list[int] | None  # None: every row of the list
    images: int
    groups: int  # of images that belong together
    fractured: int
    out_of_scope: int | None  # None: the check for that was not asked
    refused: int
    operating_points: OperatingPoints
    measures: dict[str, Estimate]
    body_parts: dict[str, Part]
    hardware: dict[str, Part]  # empty when the list does not tell
    confusion: Confusion

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON: what cannot be computed is null."""
        return without_nan(asdict(self))


def report_on(
    outcomes: list[Outcome],
    release: str,
    seen: Seen,
    folds: list[int] | None,
    points: OperatingPoints,
    out_of_scope: int | None = None,
    refused: int = 0,
) -> Report:
    """Judge the outcomes of the images that were read.

    points        for the reader of the report; the outcomes carry their verdicts
    out_of_scope  how many images were not read because of it; None where that was not asked
    """
    groups = [outcome.row.group for outcome in outcomes]
    return Report(
        release=release,
        seen=seen,
        folds=folds,
        images=len(outcomes),
        groups=len(set(groups)),
        fractured=int(labels_of(outcomes).sum()),
        out_of_scope=out_of_scope,
        refused=refused,
        operating_points=points,
        measures=estimates(measures_of(outcomes), groups),
        body_parts=by_body_part(outcomes),
        hardware=by_hardware(outcomes),
        confusion=confusion(outcomes),
    )


def without_nan(value: Any) -> Any:
    """The same nested value with None for every number that is not one."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
