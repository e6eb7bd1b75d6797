"""Which unread case comes first, and which stands beside another: the way through the worklist."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, select

from portal.clock import database_now
from portal.db import db
from portal.errors import NotFound
from portal.models import Case
from portal.models.cases import NOTHING_TO_READ
from portal.queries.case_claims import is_left_by_others
from portal.queries.paging import Order
from portal.queries.reviews import awaits_from

UNREAD_ORDER = Order((Case.reading_rank, Case.created_at, Case.id), is_descending=False)
"""The worklist's reading order, among cases that are not settled."""


def first_to_read(user_id: int) -> uuid.UUID | None:
    """The most pressing case that waits for this person and that nobody else is reading."""
    return db.session.scalar(UNREAD_ORDER.sort(_unread_and_free(user_id), is_falling=False).limit(1))


def neighbour(case_id: uuid.UUID, user_id: int, is_backwards: bool = False) -> uuid.UUID | None:
    """The next (or previous) such case; behind the last one comes the first.

    None when there is no other. Raises NotFound.
    """
    place = db.session.execute(select(*UNREAD_ORDER.columns).where(Case.id == case_id)).one_or_none()
    if place is None:
        raise NotFound("There is no such case.")
    others = _unread_and_free(user_id).where(Case.id != case_id)
    beyond = UNREAD_ORDER.beyond(place, is_falling=is_backwards)
    for query in (others.where(beyond), others):
        found = db.session.scalar(UNREAD_ORDER.sort(query, is_falling=is_backwards).limit(1))
        if found is not None:
            return found
    return None


def _unread_and_free(user_id: int) -> Select[uuid.UUID]:
    return select(Case.id).where(
        awaits_from(user_id),
        Case.reading_rank < NOTHING_TO_READ,
        is_left_by_others(user_id, database_now(db.session)),
    )
