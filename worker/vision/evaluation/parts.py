"""The same figures for parts of the images: by body part, and with or without metal in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from worker.vision.evaluation.bootstrap import estimates
from worker.vision.evaluation.measures import measures_of
from worker.vision.evaluation.outcome import Outcome, labels_of
from worker.vision.verdicts import DOUBT, FRACTURE, NO_FRACTURE

LEAST_OF_EACH_KIND = 10  # with fewer fractured or sound images a figure says nothing
SHOWN = (
    "pr_auc",
    "rule_out_sensitivity",
    "rule_out_specificity",
    "rule_in_sensitivity",
    "rule_in_specificity",
)
HARDWARE_NAMES = {True: "with hardware", False: "without hardware"}

Facts = dict[str, Any]


def by_body_part(outcomes: Sequence[Outcome]) -> dict[str, Facts]:
    parts = sorted({outcome.row.body_part for outcome in outcomes})
    return {part: facts_of([o for o in outcomes if o.row.body_part == part]) for part in parts}


def by_hardware(outcomes: Sequence[Outcome]) -> dict[str, Facts]:
    """Empty when the list does not say which images show metal."""
    known = {has: [o for o in outcomes if o.row.has_hardware is has] for has in HARDWARE_NAMES}
    return {HARDWARE_NAMES[has]: facts_of(part) for has, part in known.items() if part}


def facts_of(outcomes: Sequence[Outcome]) -> Facts:
    """Counts; AUROC with its interval, and the figures of SHOWN, None where too few images could tell."""
    labels = labels_of(outcomes)
    fractured, sound = int(labels.sum()), int((~labels).sum())
    facts: Facts = {"images": len(labels), "fractured": fractured}
    if min(fractured, sound) < LEAST_OF_EACH_KIND:
        return {**facts, "auroc": None, "auroc_interval_95": None, **dict.fromkeys(SHOWN)}
    measures = measures_of(outcomes)
    area = estimates({"auroc": measures["auroc"]}, [outcome.row.group for outcome in outcomes])["auroc"]
    everything = np.arange(len(labels))
    facts |= {"auroc": area.value, "auroc_interval_95": [area.low, area.high]}
    return {**facts, **{name: measures[name](everything) for name in SHOWN}}


def confusion(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """How many fractured and sound images got each verdict."""
    return {
        truth: {
            verdict: sum(o.verdict == verdict and o.row.is_fractured is is_fractured for o in outcomes)
            for verdict in (NO_FRACTURE, DOUBT, FRACTURE)
        }
        for truth, is_fractured in (("fractured", True), ("sound", False))
    }
