"""Who says to be reading a case: a hint for the others, never a lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_

from portal.clock import database_now
from portal.db import db
from portal.models import Case

LAPSES_AFTER = timedelta(minutes=30)


class CaseClaim(NamedTuple):
    user_id: int
    username: str
    since: datetime


def claim_of(case: Case, now: datetime) -> CaseClaim | None:
    """Who is reading it at `now` (the database's clock); nothing once the claim has lapsed."""
    if case.claimed_by is None or case.claimed_at is None or case.claimed_at <= now - LAPSES_AFTER:
        return None
    return CaseClaim(case.claimed_by.id, case.claimed_by.username, case.claimed_at)


def current_claim(case: Case) -> CaseClaim | None:
    return claim_of(case, database_now(db.session))


def is_free_for(user_id: int, now: datetime) -> ColumnElement[bool]:
    """Nobody else is reading the case."""
    return or_(
        Case.claimed_by_id.is_(None), Case.claimed_by_id == user_id, Case.claimed_at <= now - LAPSES_AFTER
    )


def is_claimed_by(user_id: int, now: datetime) -> ColumnElement[bool]:
    return (Case.claimed_by_id == user_id) & (Case.claimed_at > now - LAPSES_AFTER)
