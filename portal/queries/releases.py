"""Published releases, what their cards say, and whether a worker can use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.clock import database_now
from portal.db import db
from portal.errors import NotFound
from portal.models import Release, Worker
from portal.queries.health import SEEN_WITHIN
from portal.queries.operating_points import MeasuredPoints, measured_points
from portal.queries.release_cards import Card, readable

MARK = "release "
"""How a worker's condition begins that tells of a release: “release NAME: what is wrong”."""


@dataclass(frozen=True)
class ReleaseRow:
    """`trouble` is why a worker refuses it just now; empty when none does."""

    release: Release
    card: Card
    points: MeasuredPoints
    trouble: str


def releases() -> list[ReleaseRow]:
    """All of them, the active one first, then the newest; retired ones last."""
    order = ("active", "available", "retired")
    newest_first = select(Release).order_by(Release.published_at.desc(), Release.id.desc())
    troubles = _troubles()
    found = sorted(db.session.scalars(newest_first), key=lambda release: order.index(release.state))
    return [_row(release, troubles) for release in found]


def release_row(release_id: int) -> ReleaseRow:
    release = db.session.get(Release, release_id)
    if release is None:
        raise NotFound("There is no such release.")
    return _row(release, _troubles())


def choosable() -> Sequence[tuple[int, str]]:
    """(id, name) of the releases that a re-run may use, the active one first."""
    found = db.session.execute(
        select(Release.id, Release.name, Release.state)
        .where(Release.state != "retired")
        .order_by(Release.id.desc())
    ).all()
    by_activity = sorted(found, key=lambda row: row.state != "active")
    return [(row.id, f"{row.name} (active)" if row.state == "active" else row.name) for row in by_activity]


def _row(release: Release, troubles: Mapping[str, str]) -> ReleaseRow:
    card = release.card
    return ReleaseRow(release, readable(card), measured_points(card), troubles.get(release.name, ""))


def _troubles() -> dict[str, str]:
    """Per release what a living worker says is wrong with it, such as a failed self-test."""
    conditions = db.session.scalars(
        select(Worker.condition).where(
            Worker.seen_at > database_now(db.session) - SEEN_WITHIN,
            ~Worker.is_able,
            Worker.condition.startswith(MARK, autoescape=True),
        )
    )
    told = (condition.removeprefix(MARK).partition(": ") for condition in conditions)
    return {name: trouble for name, _, trouble in told}
