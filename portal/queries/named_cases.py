"""Finding cases by the beginning of their patient reference or accession number."""

from __future__ import annotations

import sys

from sqlalchemy import ColumnElement, func, literal, not_, select, union_all
from sqlalchemy.orm import aliased

from portal.db import db
from portal.models import Case
from portal.queries.paging import Column

FOUND_UP_TO = 500
"""By each of the two. Who gets more has typed too little, and is told so."""


def cases_named(text: str) -> type[Case]:
    """As a source of cases of its own: no more than FOUND_UP_TO by either, the shortest and first ones."""
    patients = select(Case).where(begins_with(Case.patient_key, text))
    accessions = select(Case).where(
        begins_with(Case.accession_key, text), not_(begins_with(Case.patient_key, text))
    )
    parts = (
        patients.order_by(Case.patient_key).limit(FOUND_UP_TO).subquery(),
        accessions.order_by(Case.accession_key).limit(FOUND_UP_TO).subquery(),
    )
    return aliased(Case, union_all(*(select(part) for part in parts)).subquery())


def finds_too_many(text: str) -> bool:
    """Whether `cases_named` leaves some out."""
    counts = [
        select(func.count())
        .select_from(select(Case.id).where(begins_with(column, text)).limit(FOUND_UP_TO + 1).subquery())
        .scalar_subquery()
        for column in (Case.patient_key, Case.accession_key)
    ]
    return max(db.session.execute(select(*counts)).one()) > FOUND_UP_TO


def is_named(text: str, case: type[Case] = Case) -> ColumnElement[bool]:
    """Patient reference or accession number beginning with this text, whatever its case."""
    return begins_with(case.patient_key, text) | begins_with(case.accession_key, text)


def begins_with(column: Column, text: str) -> ColumnElement[bool]:
    """A range of the index; the keys are folded, and sorted by their characters' numbers on both
    databases."""
    key = text.strip().casefold()
    if not key:
        return literal(False)
    end = _behind_all_that_begin_with(key)
    return (column >= key) & (column < end) if end else column >= key


def _behind_all_that_begin_with(key: str) -> str:
    """The next text that does not; empty when there is none."""
    rest = key.rstrip(chr(sys.maxunicode))
    if not rest:
        return ""
    number = ord(rest[-1]) + 1
    return rest[:-1] + chr(0xE000 if 0xD800 <= number <= 0xDFFF else number)
