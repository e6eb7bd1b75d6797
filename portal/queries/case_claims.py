"""Who says to be reading a case: a hint for the others, never a lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from portal.clock import database_now
from portal.db import db
from portal.models import Case

LAPSES_AFTER = timedelta(minutes=30)
CLAIMED_UP_TO = 1000


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


def cases_being_read(now: datetime, by: int | None = None) -> type[Case]:
    """As a source of cases of its own, which are few: those that someone, or this person, is reading."""
    condition = Case.claimed_at > now - LAPSES_AFTER if by is None else is_claimed_by(by, now)
    return aliased(Case, select(Case).where(condition).limit(CLAIMED_UP_TO).subquery())


def is_left_by_others(user_id: int | None, now: datetime, case: type[Case] = Case) -> ColumnElement[bool]:
    """As `is_free_for`, for a list: looks the few claims up once, and not at every case. None: left by
    everyone."""
    claimed = aliased(Case)
    taken = select(claimed.id).where(claimed.claimed_at > now - LAPSES_AFTER)
    return case.id.not_in(taken.where(claimed.claimed_by_id != user_id) if user_id is not None else taken)
