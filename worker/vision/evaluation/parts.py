"""The same figures for parts of the images: by body part, and with or without metal in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.evaluation.bootstrap import Estimate, estimates
from worker.vision.evaluation.measures import measures_of
from worker.vision.evaluation.outcome import Outcome, labels_of

LEAST_OF_EACH_KIND = 10  # with fewer fractured or sound images a figure says nothing
HARDWARE_NAMES = {True: "with hardware", False: "without hardware"}


@dataclass(frozen=True)
class Part:
    """Counts of some of the images, and every measure of them with its interval."""

    images: int
    fractured: int
    measures: dict[str, Estimate] | None  # None: too few fractured or sound images to say


def by_body_part(outcomes: Sequence[Outcome]) -> dict[str, Part]:
    parts = sorted({outcome.row.body_part for outcome in outcomes})
    return {part: part_of([o for o in outcomes if o.row.body_part == part]) for part in parts}


def by_hardware(outcomes: Sequence[Outcome]) -> dict[str, Part]:
    """Empty when the list does not say which images show metal."""
    known = {has: [o for o in outcomes if o.row.has_hardware is has] for has in HARDWARE_NAMES}
    return {HARDWARE_NAMES[has]: part_of(part) for has, part in known.items() if part}


def part_of(outcomes: Sequence[Outcome]) -> Part:
    labels = labels_of(outcomes)
    fractured, sound = int(labels.sum()), int((~labels).sum())
    if min(fractured, sound) < LEAST_OF_EACH_KIND:
        return Part(len(labels), fractured, None)
    groups = [outcome.row.group for outcome in outcomes]
    return Part(len(labels), fractured, estimates(measures_of(outcomes), groups))
