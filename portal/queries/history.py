"""The history: every case, filtered, searched and sorted, one page at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from portal.db import db
from portal.models import Batch, Case, Image, Job
from portal.queries.case_rows import CaseRow, cases_with_people, rows_of
from portal.queries.days import end_of, start_of
from portal.queries.paging import Order, Page, fetch_page

ORDERS = {
    "newest": Order((Case.created_at, Case.id)),
    "oldest": Order((Case.created_at, Case.id), is_descending=False),
    # “urgent” sorts behind “routine” as a word, so falling order puts it first.
    "urgency": Order((Case.priority, Case.created_at, Case.id)),
}


@dataclass(frozen=True)
class Selection:
    """Which cases are meant; what is null or empty does not restrict."""

    from_day: date | None = None
    to_day: date | None = None
    verdict: str | None = None
    state: str | None = None
    body_part: str = ""
    uploader_id: int | None = None
    batch_id: uuid.UUID | None = None
    search_text: str = ""

    def key(self) -> str:
        """The same text for the same selection, whoever makes it."""
        return "|".join(f"{entry.name}={getattr(self, entry.name)}" for entry in fields(self))

    def case_ids(self) -> Select[uuid.UUID]:
        return select(Case.id).where(*_conditions(self))


def history_page(selection: Selection, order: str, cursor: str | None) -> Page[CaseRow]:
    """One page in one of the ORDERS; its number of queries does not depend on what is on it."""
    query = cases_with_people().where(*_conditions(selection))
    page = fetch_page(query, ORDERS[order], cursor)
    return Page(rows_of(page.items), page.previous, page.next)


def count_selected(selection: Selection) -> tuple[int, int]:
    """(cases, images ready to be read) of a selection; asked only before a re-run."""
    cases = db.session.scalar(select(func.count()).select_from(selection.case_ids().subquery()))
    images = select(func.count()).where(Image.state == "ready", Image.case_id.in_(selection.case_ids()))
    return cases or 0, db.session.scalar(images) or 0


def _conditions(selection: Selection) -> Iterator[ColumnElement[bool]]:
    if selection.from_day:
        yield Case.created_at >= start_of(selection.from_day)
    if selection.to_day:
        yield Case.created_at < end_of(selection.to_day)
    if selection.verdict:
        yield Case.verdict == selection.verdict
    if selection.state:
        yield Case.state == selection.state
    if selection.body_part:
        yield func.lower(Case.body_part).startswith(selection.body_part.lower(), autoescape=True)
    if selection.uploader_id is not None:
        yield Case.uploaded_by_id == selection.uploader_id
    if selection.batch_id:
        yield _in_batch(selection.batch_id)
    if selection.search_text:
        yield _named(selection.search_text)


def _in_batch(batch_id: uuid.UUID) -> ColumnElement[bool]:
    """An upload's batch is its case, jobs or not; a re-run's batch is where its jobs are."""
    read_in_it = select(Image.case_id).join(Job, Job.image_id == Image.id).where(Job.batch_id == batch_id)
    uploaded_in_it = select(Batch.case_id).where(Batch.id == batch_id, Batch.case_id.is_not(None))
    return or_(Case.id.in_(read_in_it), Case.id.in_(uploaded_in_it))


def _named(text: str) -> ColumnElement[bool]:
    """Patient reference or accession number beginning with this text, whatever its case."""
    key = text.strip().casefold()
    if not key:
        return false()
    return or_(
        Case.patient_key.startswith(key, autoescape=True), Case.accession_key.startswith(key, autoescape=True)
    )
