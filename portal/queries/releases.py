"""Published releases and the few figures of their cards that staff ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.db import db
from portal.models import Release

FIGURES = ("auroc", "sensitivity", "specificity")


@dataclass(frozen=True)
class ReleaseRow:
    """`figures` are those the card states, 0…1, measured on `fold`; nothing is made up for the others."""

    release: Release
    architecture: str
    trained_on: str
    body_parts: tuple[str, ...]
    fold: str
    figures: Mapping[str, float]
    rule_out: float | None
    rule_in: float | None


def releases() -> list[ReleaseRow]:
    """All of them, the newest first."""
    found = db.session.scalars(select(Release).order_by(Release.published_at.desc(), Release.id.desc()))
    return [_row(release) for release in found]


def choosable() -> Sequence[tuple[int, str]]:
    """(id, name) of the releases that a re-run may use, the active one first."""
    found = db.session.execute(
        select(Release.id, Release.name, Release.state)
        .where(Release.state != "retired")
        .order_by(Release.id.desc())
    ).all()
    by_activity = sorted(found, key=lambda row: row.state != "active")
    return [(row.id, f"{row.name} (active)" if row.state == "active" else row.name) for row in by_activity]


def _row(release: Release) -> ReleaseRow:
    card = release.card
    metrics, points = _section(card, "metrics"), _section(card, "operating_points")
    return ReleaseRow(
        release,
        architecture=str(card.get("architecture", "")),
        trained_on=str(_section(card, "training_data").get("name", "")),
        body_parts=tuple(str(part) for part in card.get("body_parts", ())),
        fold=str(metrics.get("fold", "")),
        figures={name: number for name in FIGURES if (number := _number(metrics.get(name))) is not None},
        rule_out=_number(points.get("rule_out")),
        rule_in=_number(points.get("rule_in")),
    )


def _section(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = card.get(name)
    return section if isinstance(section, dict) else {}


def _number(value: Any) -> float | None:
    """A plain number, or the value of a {"value": …} with its interval."""
    if isinstance(value, dict):
        value = value.get("value")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
