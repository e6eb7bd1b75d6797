"""The audit trail, newest first."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.models import Event
from portal.queries.paging import Order, Page, fetch_page

NEWEST_FIRST = Order((Event.id,))


def event_page(action: str, user_id: int | None, cursor: str | None) -> Page[Event]:
    """Events whose action begins with `action` (“case.” finds all about cases), of one person or of all."""
    query = select(Event).options(joinedload(Event.user))
    if action:
        query = query.where(Event.action.startswith(action, autoescape=True))
    if user_id is not None:
        query = query.where(Event.user_id == user_id)
    return fetch_page(query, NEWEST_FIRST, cursor)
