"""The worklist: cases to be read, and which of them comes next.

Unread first, then urgent before routine, then by what the release said, then the oldest first: the index
`ix_case_worklist` stands in exactly this order.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select

from portal.clock import database_now
from portal.db import db
from portal.errors import NotFound
from portal.models import Case
from portal.models.cases import NOTHING_TO_READ
from portal.queries.case_claims import is_claimed_by, is_free_for
from portal.queries.case_rows import CaseRow, cases_with_people, rows_of
from portal.queries.paging import Order, Page, fetch_page
from portal.queries.reviews import awaits_from

READING_ORDER = Order((Case.is_reviewed, Case.reading_rank, Case.created_at, Case.id), is_descending=False)
COUNTED_UP_TO = 1000
NONE_YET = "none yet"
SHOWN = ("unread", "mine", "all")
"""unread: waits for a reading by whoever asks; mine: claimed by the same; all: what is settled too."""


@dataclass(frozen=True)
class Selection:
    """Which cases are meant; what is null or empty does not restrict. NONE_YET: without a verdict."""

    shown: str = "unread"
    verdict: str | None = None
    priority: str | None = None
    body_part: str = ""


@dataclass(frozen=True)
class Worklist:
    """`count` is of the whole selection, not of this page; from COUNTED_UP_TO on it means “or more”."""

    page: Page[CaseRow]
    count: int

    @property
    def is_count_exact(self) -> bool:
        return self.count < COUNTED_UP_TO


def worklist(selection: Selection, user_id: int, cursor: str | None) -> Worklist:
    """One page; its number of queries does not depend on what is on it."""
    conditions = tuple(_conditions(selection, user_id))
    page = fetch_page(cases_with_people().where(*conditions), READING_ORDER, cursor)
    return Worklist(Page(rows_of(page.items), page.previous, page.next), _count(conditions))


def first_to_read(user_id: int) -> uuid.UUID | None:
    """The most pressing unread case that nobody else is reading."""
    return db.session.scalar(READING_ORDER.sort(_unread_and_free(user_id), is_falling=False).limit(1))


def neighbour(case_id: uuid.UUID, user_id: int, is_backwards: bool = False) -> uuid.UUID | None:
    """The next (or previous) unread case that nobody else is reading; behind the last one comes the first.

    None when there is no other. Raises NotFound.
    """
    place = db.session.execute(
        select(Case.reading_rank, Case.created_at, Case.id).where(Case.id == case_id)
    ).one_or_none()
    if place is None:
        raise NotFound("There is no such case.")
    others = _unread_and_free(user_id).where(Case.id != case_id)
    beyond = READING_ORDER.beyond((False, *place), is_falling=is_backwards)
    for query in (others.where(beyond), others):
        found = db.session.scalar(READING_ORDER.sort(query, is_falling=is_backwards).limit(1))
        if found is not None:
            return found
    return None


def _unread_and_free(user_id: int) -> Select[uuid.UUID]:
    return select(Case.id).where(
        awaits_from(user_id),
        Case.reading_rank < NOTHING_TO_READ,
        is_free_for(user_id, database_now(db.session)),
    )


def _count(conditions: tuple[ColumnElement[bool], ...]) -> int:
    """Counts no further than anyone wants to know: a million unread cases cost no more than a thousand."""
    some = select(Case.id).where(*conditions).limit(COUNTED_UP_TO).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _conditions(selection: Selection, user_id: int) -> Iterator[ColumnElement[bool]]:
    yield Case.reading_rank < NOTHING_TO_READ
    if selection.shown == "unread":
        yield awaits_from(user_id)
    if selection.shown == "mine":
        yield is_claimed_by(user_id, database_now(db.session))
    if selection.verdict:
        yield Case.verdict.is_(None) if selection.verdict == NONE_YET else Case.verdict == selection.verdict
    if selection.priority:
        yield Case.priority == selection.priority
    if selection.body_part:
        yield func.lower(Case.body_part).startswith(selection.body_part.lower(), autoescape=True)
