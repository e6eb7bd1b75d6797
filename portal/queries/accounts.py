"""The people who may sign in, for the admin's list and for choices in forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.db import db
from portal.models import LoginSession, User
from portal.models.accounts import covers


@dataclass(frozen=True)
class UserRow:
    """`session_count` sessions are not revoked; some of them may have gone idle."""

    user: User
    session_count: int
    last_seen_at: datetime | None


def users() -> list[UserRow]:
    live = LoginSession.revoked_at.is_(None)
    rows = db.session.execute(
        select(User, func.count(LoginSession.id).filter(live), func.max(LoginSession.seen_at))
        .outerjoin(LoginSession, LoginSession.user_id == User.id)
        .group_by(User.id)
        .order_by(User.is_enabled.desc(), User.username)
    )
    return [UserRow(user, count, seen_at) for user, count, seen_at in rows]


def reader_names(named: int | None = None) -> Sequence[tuple[int, str]]:
    """(id, name) of everyone who may review, and of one whom an address names, who may have left."""
    rows = db.session.execute(
        select(User.id, User.username, User.role, User.is_enabled).order_by(User.username)
    )
    return [
        (row.id, row.username)
        for row in rows
        if (row.is_enabled and covers(row.role, "reader")) or row.id == named
    ]


def usernames() -> Sequence[tuple[int, str]]:
    """(id, name) of everyone, for a choice in a form."""
    rows = db.session.execute(select(User.id, User.username).order_by(User.username))
    return [(row.id, row.username) for row in rows]
