"""How well a release's two operating points did what they are for, as its card states it.

The rule-out point is chosen to miss few fractures, the rule-in point to raise few false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.queries.card_values import section, whole
from portal.queries.release_cards import MEASURES, readable, was_learnt
from portal.queries.release_networks import may_have_seen_all


@dataclass(frozen=True)
class Point:
    """Shares 0…1 of the images that the release was judged on; None where the card does not say.

    `sensitivity`  of the fractured ones, those at or above the point
    `specificity`  of the sound ones, those below it
    """

    sensitivity: float | None
    specificity: float | None


@dataclass(frozen=True)
class MeasuredPoints:
    """`are_unseen`: the card says that the judged networks had never seen these images."""

    rule_out: Point
    rule_in: Point
    are_unseen: bool

    @property
    def are_measured(self) -> bool:
        """As far as the two sentences about them need it."""
        return self.rule_out.sensitivity is not None and self.rule_in.specificity is not None


def measured_points(card: Mapping[str, Any]) -> MeasuredPoints:
    shares = {figure.name: figure.value for figure in readable(card).figures if 0 <= figure.value <= 1}
    return MeasuredPoints(
        rule_out=_point(shares, "rule_out"),
        rule_in=_point(shares, "rule_in"),
        are_unseen=_are_unseen(card),
    )


def _point(shares: Mapping[str, float], name: str) -> Point:
    return Point(shares.get(MEASURES[f"{name}_sensitivity"]), shares.get(MEASURES[f"{name}_specificity"]))


def _are_unseen(card: Mapping[str, Any]) -> bool:
    """Judged out of fold, or on one fold that was held back, and by networks whose start is known."""
    if may_have_seen_all(section(card, "training")):
        return False
    metrics = section(card, "metrics")
    folds, fold = metrics.get("folds"), whole(metrics.get("fold"))
    return (isinstance(folds, list) and bool(folds)) or (fold is not None and not was_learnt(card, fold))
