"""The audit trail, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.models import Event, Image
from portal.queries.days import end_of, start_of
from portal.queries.paging import Order, Page, fetch_page

NEWEST_FIRST = Order((Event.at, Event.id))


@dataclass(frozen=True)
class Selection:
    """Which events are meant; what is null or empty does not restrict.

    `action`    how it begins: “case.” finds all about cases
    `user_id`   who did it
    `about_id`  the person to whom it was done
    `case_id`   the case that it is about, or an image of it
    """

    action: str = ""
    user_id: int | None = None
    about_id: int | None = None
    case_id: uuid.UUID | None = None
    from_day: date | None = None
    to_day: date | None = None


def event_page(selection: Selection, cursor: str | None) -> Page[Event]:
    query = select(Event).options(joinedload(Event.user)).where(*_where(selection))
    return fetch_page(query, NEWEST_FIRST, cursor)


def _where(selection: Selection) -> Iterator[ColumnElement[bool]]:
    if selection.action:
        yield Event.action.startswith(selection.action, autoescape=True)
    if selection.user_id is not None:
        yield Event.user_id == selection.user_id
    if selection.about_id is not None:
        yield and_(Event.subject == "user", Event.subject_id == str(selection.about_id))
    if selection.case_id is not None:
        yield _is_about_case(selection.case_id)
    if selection.from_day:
        yield Event.at >= start_of(selection.from_day)
    if selection.to_day:
        yield Event.at < end_of(selection.to_day)


def _is_about_case(case_id: uuid.UUID) -> ColumnElement[bool]:
    images = db.session.scalars(select(Image.id).where(Image.case_id == case_id))
    return or_(
        and_(Event.subject == "case", Event.subject_id == str(case_id)),
        and_(Event.subject == "image", Event.subject_id.in_([str(image_id) for image_id in images])),
    )
