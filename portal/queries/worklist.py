"""The worklist: cases to be read, one page at a time, narrowed, searched and sorted.

In reading order: unread first, then urgent before routine, then by what the release said, then the oldest
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from portal.clock import database_now
from portal.db import db
from portal.models import Case
from portal.queries.case_claims import cases_being_read, is_left_by_others
from portal.queries.case_rows import CaseRow, cases_with_people, rows_of
from portal.queries.days import is_of_age
from portal.queries.facets import Facets
from portal.queries.merging import Merge
from portal.queries.named_cases import cases_named, finds_too_many
from portal.queries.paging import Order, Page, fetch_page
from portal.queries.reviews import awaits_from

READING_ORDER = Order((Case.is_reviewed, Case.reading_rank, Case.created_at, Case.id), is_descending=False)
ORDERS = {
    "reading": READING_ORDER,
    "oldest": Order((Case.created_at, Case.id), is_descending=False),
    "newest": Order((Case.created_at, Case.id)),
}
COUNTED_UP_TO = 1000
SHOWN = ("unread", "mine", "all")
"""unread: waits for a reading that the person who asks may give; mine: being read by them; all: settled ones
too."""
NOBODY, SOMEBODY = "nobody", "somebody"


@dataclass(frozen=True)
class Selection:
    """Which cases are meant, in which of the ORDERS; what is null or empty does not restrict.

    `age`     one of `days.AGES`
    `reader`  who is reading it just now: NOBODY, SOMEBODY, or a person's id
    """

    shown: str = "unread"
    verdict: str | None = None
    priority: str | None = None
    part: str | None = None
    state: str | None = None
    age: str | None = None
    reader: str | None = None
    sort: str = "reading"
    search_text: str = ""

    @property
    def facets(self) -> Facets:
        is_reviewed = False if self.shown == "unread" else None
        return Facets(self.verdict, self.priority, self.state, self.part, is_reviewed, refused=False)


@dataclass(frozen=True)
class Worklist:
    """`count` is of the whole selection, not of this page; from COUNTED_UP_TO on it means “or more”.

    `is_cut`  the search found more than it looks through: the list lacks some
    """

    page: Page[CaseRow]
    count: int
    is_cut: bool = False

    @property
    def is_count_exact(self) -> bool:
        return self.count < COUNTED_UP_TO and not self.is_cut


def worklist(selection: Selection, user_id: int, cursor: str | None) -> Worklist:
    """One page; its number of queries does not depend on what is on it."""
    few = few_cases(selection, user_id)
    if few is not None:
        return _worklist_of(few, selection, user_id, cursor)
    order = ORDERS[selection.sort]
    merge = Merge(selection.facets.stretches(order), tuple(beyond_facets(selection, user_id)))
    page = fetch_page(cases_with_people(), order, cursor, source=merge)
    count = merge.count(order, COUNTED_UP_TO)
    return Worklist(Page(rows_of(page.items), page.previous, page.next), count)


def few_cases(selection: Selection, user_id: int) -> type[Case] | None:
    """Where the selection means few cases from the start, these as the source to look through."""
    if selection.search_text:
        return cases_named(selection.search_text)
    now = database_now(db.session)
    if selection.shown == "mine":
        return cases_being_read(now, user_id)
    if selection.reader and selection.reader != NOBODY:
        return cases_being_read(now, None if selection.reader == SOMEBODY else int(selection.reader))
    return None


def _worklist_of(case: type[Case], selection: Selection, user_id: int, cursor: str | None) -> Worklist:
    query = cases_with_people(case).where(
        *selection.facets.conditions(case), *beyond_facets(selection, user_id, case)
    )
    page = fetch_page(query, ORDERS[selection.sort].of(case), cursor)
    count = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    is_cut = bool(selection.search_text) and finds_too_many(selection.search_text)
    return Worklist(Page(rows_of(page.items), page.previous, page.next), count, is_cut)


def beyond_facets(
    selection: Selection, user_id: int, case: type[Case] = Case
) -> Iterator[ColumnElement[bool]]:
    """What no stretch of an index holds."""
    if selection.shown == "unread":
        yield awaits_from(user_id, case)
    if selection.age:
        yield is_of_age(selection.age, case)
    if selection.shown == "mine":
        yield case.claimed_by_id == user_id
    now = database_now(db.session)
    if selection.reader == NOBODY:
        yield is_left_by_others(None, now, case)
    elif selection.reader == SOMEBODY:
        yield ~is_left_by_others(None, now, case)
    elif selection.reader:
        yield ~is_left_by_others(None, now, case) & (case.claimed_by_id == int(selection.reader))
