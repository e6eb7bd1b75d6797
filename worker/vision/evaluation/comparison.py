"""Whether one release reads better than another, on the same images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from worker.vision.evaluation.bootstrap import LEAST_GROUPS, TOO_FEW_GROUPS, Estimate, Measure, estimates
from worker.vision.evaluation.measures import NAMES, measures_of, undefined
from worker.vision.evaluation.outcome import Outcome, labels_of
from worker.vision.evaluation.report import without_nan
from worker.vision.evaluation.seen import folds_text


@dataclass(frozen=True)
class Compared:
    """One measure of both releases, and the second less the first with its paired interval."""

    first: float
    second: float
    difference: Estimate


@dataclass(frozen=True)
class Comparison:
    """Measures over the images that both releases gave a probability, each at its own operating points."""

    releases: tuple[str, str]
    folds: list[int] | None  # None: every row of the list
    images: int
    groups: int  # of images that belong together
    fractured: int
    left_out: int  # refused, or out of scope for one of them
    measures: dict[str, Compared]

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON: what cannot be computed is null."""
        return without_nan(asdict(self))


def compared(
    both: tuple[Sequence[Outcome], Sequence[Outcome]],
) -> dict[str, Compared]:
    """The measures of two releases; each resample of groups judges both, which cancels what they share.

    both  the outcomes of each release for the same rows in the same order
    """
    first, second = (measures_of(outcomes) for outcomes in both)
    differences = {name: _difference(first[name], second[name]) for name in first}
    intervals = estimates(differences, [outcome.row.group for outcome in both[0]])
    everything = np.arange(len(both[0]))
    return {
        name: Compared(first[name](everything), second[name](everything), intervals[name]) for name in first
    }


def shared(first: Sequence[Outcome], second: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of the rows that both hold, in the order of the first."""
    of_second = {outcome.row.image: outcome for outcome in second}
    kept = [outcome for outcome in first if outcome.row.image in of_second]
    return kept, [of_second[outcome.row.image] for outcome in kept]


def comparison_text(comparison: Comparison) -> str:
    """The comparison for a terminal; a star marks differences whose interval does not hold zero."""
    which = "all rows" if comparison.folds is None else folds_text(comparison.folds)
    first, second = comparison.releases
    lines = [
        f"{second} less {first}, {which}: {comparison.images} images read by both,"
        f" {comparison.fractured} fractured, {comparison.left_out} left out",
        "",
        f"{'':50}{first[:14]:>15}{second[:14]:>15}   difference (95 % interval)",
    ]
    for name, measure in comparison.measures.items():
        is_clear = measure.difference.low > 0 or measure.difference.high < 0
        figures = f"{_figure(measure.first):>15}{_figure(measure.second):>15}   {_told(name, measure)}"
        lines.append(f"{NAMES[name]:50}{figures}{' *' if is_clear else ''}")
    note = TOO_FEW_GROUPS if comparison.groups < LEAST_GROUPS else "* the interval does not hold zero"
    return "\n".join([*lines, "", note])


def comparison_of(
    both: tuple[Sequence[Outcome], Sequence[Outcome]],
    releases: tuple[str, str],
    folds: list[int] | None,
    rows: int,
) -> Comparison:
    """rows  how many images were asked for"""
    return Comparison(
        releases=releases,
        folds=folds,
        images=len(both[0]),
        groups=len({outcome.row.group for outcome in both[0]}),
        fractured=int(labels_of(both[0]).sum()),
        left_out=rows - len(both[0]),
        measures=compared(both),
    )


def _difference(first: Measure, second: Measure) -> Measure:
    return lambda chosen: second(chosen) - first(chosen)


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _told(name: str, measure: Compared) -> str:
    """The difference, or why there is none."""
    if math.isnan(measure.first) or math.isnan(measure.second):
        return f"– ({undefined(name)})"
    return _signed(measure.difference)


def _signed(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return f"{estimate.value:+.3f}"
    return f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})"
