"""A report as plain text, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from worker.vision.evaluation.bootstrap import LEAST_GROUPS, TOO_FEW_GROUPS, Estimate
from worker.vision.evaluation.measures import undefined
from worker.vision.evaluation.parts import LEAST_OF_EACH_KIND, Part
from worker.vision.evaluation.report import Report
from worker.vision.evaluation.seen import folds_text, seen_text

NAME_WIDTH, PART_WIDTH, PARTS_ABREAST = 24, 24, 4


def as_text(report: Report) -> str:
    points = report.operating_points
    which = "all rows" if report.folds is None else folds_text(report.folds)
    lines = [
        f"release {report.release}, {which}: {report.images} images, {report.fractured} fractured",
        seen_text(report.seen),
        f"not judged: {report.refused} refused{_scope(report.out_of_scope)}",
        f"rule-out at {points.rule_out:.4f}, rule-in at {points.rule_in:.4f}",
        "",
        *(f"{name:{NAME_WIDTH}}{_estimate(name, of)}" for name, of in report.measures.items()),
        *([f"({TOO_FEW_GROUPS})"] if report.groups < LEAST_GROUPS else []),
        "",
        *(f"{truth:{NAME_WIDTH}}{_counts(counts)}" for truth, counts in report.confusion.items()),
        *_parts(report.body_parts | report.hardware),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _scope(count: int | None) -> str:
    return "; the check for images out of scope was not asked" if count is None else f", {count} out of scope"


def _estimate(name: str, estimate: Estimate) -> str:
    return f"– ({undefined(name)})" if math.isnan(estimate.value) else str(estimate)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def _parts(parts: Mapping[str, Part]) -> Iterator[str]:
    """Every part's counts, then the measures of those that have enough images, a few parts abreast."""
    yield ""
    for name, part in parts.items():
        few = "" if part.measures else f", fewer than {LEAST_OF_EACH_KIND} of one kind: too few to say"
        yield f"{name:{NAME_WIDTH}}{part.images} images, {part.fractured} fractured{few}"
    told = [(name, part.measures) for name, part in parts.items() if part.measures]
    for first in range(0, len(told), PARTS_ABREAST):
        abreast = told[first : first + PARTS_ABREAST]
        yield ""
        yield " " * NAME_WIDTH + "".join(f"{name[: PART_WIDTH - 2]:{PART_WIDTH}}" for name, _ in abreast)
        for name in abreast[0][1]:
            yield f"{name:{NAME_WIDTH}}" + "".join(f"{of[name]!s:{PART_WIDTH}}" for _, of in abreast)
