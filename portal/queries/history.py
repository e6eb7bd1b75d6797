"""The history: every case, filtered, searched and sorted, one page at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.models import Case, Image
from portal.models.cases import PRIORITIES
from portal.queries.case_rows import CaseRow, cases_with_people, rows_of
from portal.queries.cases_of_batch import RerunMerge, is_in_batch, is_read_in, uploaded_case
from portal.queries.days import end_of, start_of
from portal.queries.facets import Facets
from portal.queries.merging import Merge, Stretch
from portal.queries.named_cases import cases_named, finds_too_many, is_named
from portal.queries.paging import Column, Order, Page, fetch_page
from portal.queries.withdrawals import is_withdrawn, not_withdrawn, withdrawn_cases

ORDERS = {
    "newest": Order((Case.created_at, Case.id)),
    "oldest": Order((Case.created_at, Case.id), is_descending=False),
    # “urgent” sorts behind “routine” as a word, so falling order puts it first.
    "urgency": Order((Case.priority, Case.created_at, Case.id)),
}


@dataclass(frozen=True)
class Selection:
    """Which cases are meant; what is null or empty does not restrict.

    `is_reviewed`    settled, or not yet
    `differs`        the values of `Case.differs` that fit
    `changed_by_id`  the newest re-run that changed the verdict
    `is_withdrawn`   only withdrawn cases; else none of them
    """

    from_day: date | None = None
    to_day: date | None = None
    verdict: str | None = None
    priority: str | None = None
    state: str | None = None
    part: str | None = None
    is_reviewed: bool | None = None
    differs: tuple[str, ...] = ()
    changed_by_id: uuid.UUID | None = None
    uploader_id: int | None = None
    batch_id: uuid.UUID | None = None
    is_withdrawn: bool = False
    search_text: str = ""

    def key(self) -> str:
        """The same text for the same selection, whoever makes it."""
        return "|".join(f"{entry.name}={getattr(self, entry.name)}" for entry in fields(self))

    @property
    def facets(self) -> Facets:
        return Facets(self.verdict, self.priority, self.state, self.part, self.is_reviewed)

    def case_ids(self) -> Select[uuid.UUID]:
        """All of them, whatever a page of the list leaves out."""
        query = select(Case.id).where(*self.facets.conditions(), *_where(self))
        if self.search_text and not self.batch_id:
            query = query.where(is_named(self.search_text))
        return query.where(is_in_batch(self.batch_id)) if self.batch_id else query


@dataclass(frozen=True)
class History:
    """`is_cut`: the search found more than it looks through, and the list lacks some."""

    page: Page[CaseRow]
    is_cut: bool


def history(selection: Selection, order: str, cursor: str | None) -> History:
    """One page in one of the ORDERS; its number of queries does not depend on what is on it."""
    page = _page(selection, ORDERS[order], cursor)
    is_cut = bool(selection.search_text) and not selection.batch_id and finds_too_many(selection.search_text)
    return History(Page(rows_of(page.items), page.previous, page.next), is_cut)


def count_images_of(case_ids: Sequence[uuid.UUID]) -> int:
    """Images of these cases that are ready to be read; of a withdrawn case none is."""
    images = select(func.count()).where(Image.state == "ready", Image.case_id.in_(_counting(case_ids)))
    return db.session.scalar(images) or 0


def _counting(case_ids: Sequence[uuid.UUID]) -> Select[uuid.UUID]:
    return select(Case.id).where(Case.id.in_(case_ids), not_withdrawn())


def count_selected(selection: Selection) -> tuple[int, int]:
    """(cases, images ready to be read) of a selection; asked only before a re-run."""
    cases = db.session.scalar(select(func.count()).select_from(selection.case_ids().subquery()))
    selected = selection.case_ids().where(not_withdrawn())
    images = select(func.count()).where(Image.state == "ready", Image.case_id.in_(selected))
    return cases or 0, db.session.scalar(images) or 0


def _page(selection: Selection, order: Order, cursor: str | None) -> Page[Case]:
    few = _few_cases(selection)
    if few is not None:
        query = cases_with_people(few).where(*selection.facets.conditions(few), *_where(selection, few))
        return fetch_page(query, order.of(few), cursor)
    return fetch_page(cases_with_people(), order, cursor, source=_merge(selection, order))


def _few_cases(selection: Selection) -> type[Case] | None:
    """Where the selection means few cases from the start, these as the source to look through."""
    if selection.batch_id:
        uploaded = uploaded_case(selection.batch_id)
        return aliased(Case, select(Case).where(Case.id == uploaded).subquery()) if uploaded else None
    return cases_named(selection.search_text) if selection.search_text else None


def _merge(selection: Selection, order: Order) -> Merge:
    """A batch's cases are looked through along its jobs, an uploader's in the index of uploads, which holds
    the facets too. Cases with an image out of scope or refused have indexes of their own, uploaders and all;
    so have those that a re-run changed, those whose verdict does not fit the answer, and withdrawn ones."""
    every = (*selection.facets.conditions(), *_where(selection))
    in_batch = (is_read_in(selection.batch_id),) if selection.batch_id else ()
    if selection.is_withdrawn:
        return Merge([Stretch({}, within=withdrawn_cases())], (*every, *in_batch))
    if selection.changed_by_id:
        return Merge(_by_priority(order, {Case.changed_by_id: selection.changed_by_id}), every)
    if selection.differs:
        parts = [_by_priority(order, {Case.differs: differs}) for differs in selection.differs]
        return Merge(list(chain.from_iterable(parts)), (*every, *in_batch))
    if selection.batch_id:
        return RerunMerge(_by_priority(order, {}), every, batch_id=selection.batch_id)
    if selection.uploader_id is not None and not selection.facets.within:
        return Merge(_by_priority(order, {Case.uploaded_by_id: selection.uploader_id}), every)
    return Merge(selection.facets.stretches(order), tuple(_where(selection)))


def _by_priority(order: Order, equal: dict[Column, Any]) -> list[Stretch]:
    """The stretch in which these columns are equal; cut in two for an order that begins with the priority."""
    if order.columns[0].key != Case.priority.key:
        return [Stretch(equal)]
    return [Stretch({**equal, Case.priority: priority}) for priority in PRIORITIES]


def _where(selection: Selection, case: type[Case] = Case) -> Iterator[ColumnElement[bool]]:
    """What no stretch of an index holds."""
    yield is_withdrawn(case) if selection.is_withdrawn else not_withdrawn(case)
    if selection.from_day:
        yield case.created_at >= start_of(selection.from_day)
    if selection.to_day:
        yield case.created_at < end_of(selection.to_day)
    if selection.uploader_id is not None:
        yield case.uploaded_by_id == selection.uploader_id
    if selection.differs:
        yield case.differs.in_(selection.differs)
    if selection.changed_by_id:
        yield case.changed_by_id == selection.changed_by_id
    if selection.search_text and selection.batch_id:
        yield is_named(selection.search_text, case)
