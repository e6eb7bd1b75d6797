"""Which unread case comes first, and which stands beside another: the way through the worklist, or through a
part of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, select

from portal.clock import database_now
from portal.db import db
from portal.errors import NotFound
from portal.models import Case
from portal.models.cases import NOTHING_TO_READ
from portal.queries.case_claims import is_left_by_others
from portal.queries.merging import Merge, Stretch
from portal.queries.paging import Order
from portal.queries.reviews import awaits_from
from portal.queries.worklist import ORDERS, Selection, beyond_facets, few_cases

UNREAD_ORDER = Order((Case.reading_rank, Case.created_at, Case.id), is_descending=False)
"""The worklist's reading order, among cases that are not settled."""
WHOLE_LIST = Selection()


def first_to_read(user_id: int, selection: Selection = WHOLE_LIST) -> uuid.UUID | None:
    """The first case of the selection, in its order, that waits for this person and that nobody else is
    reading."""
    return _first(selection, user_id, None)


def neighbour(
    case_id: uuid.UUID, user_id: int, selection: Selection = WHOLE_LIST, is_backwards: bool = False
) -> uuid.UUID | None:
    """The next (or previous) such case; behind the last one comes the first.

    None when there is no other. The case itself may lie outside the selection. Raises NotFound.
    """
    order = _order_of(selection)
    place = db.session.execute(select(*order.columns).where(Case.id == case_id)).one_or_none()
    if place is None:
        raise NotFound("There is no such case.")
    beyond = _first(selection, user_id, place, is_backwards)
    found = beyond or _first(selection, user_id, None, is_backwards)
    return None if found == case_id else found


def _order_of(selection: Selection) -> Order:
    return UNREAD_ORDER if selection.sort == "reading" else ORDERS[selection.sort]


def _first(
    selection: Selection, user_id: int, beyond: Sequence[Any] | None, is_backwards: bool = False
) -> uuid.UUID | None:
    """The first of those that stand beyond a case with these values of the order, or of all."""
    if selection.shown == "all":
        selection = replace(selection, shown="unread")
    order = _order_of(selection)
    is_falling = order.is_descending != is_backwards
    few = few_cases(selection, user_id)
    if few is None:
        merge = Merge(_stretches(selection, order), tuple(_conditions(selection, user_id)))
        return db.session.scalar(select(merge.first(order, beyond, is_falling, 1).c.id))
    query = select(few.id).where(*selection.facets.conditions(few), *_conditions(selection, user_id, few))
    if beyond is not None:
        query = query.where(order.of(few).beyond(beyond, is_falling))
    return db.session.scalar(order.of(few).sort(query, is_falling).limit(1))


def _stretches(selection: Selection, order: Order) -> list[Stretch]:
    """The whole list, in reading order, lies in one piece of its index: what is behind its first case need
    not be looked at."""
    if selection.sort == "reading" and selection.facets == WHOLE_LIST.facets:
        return [Stretch({Case.is_reviewed: False})]
    return selection.facets.stretches(order)


def _conditions(selection: Selection, user_id: int, case: type[Case] = Case) -> Iterator[ColumnElement[bool]]:
    yield from beyond_facets(selection, user_id, case)
    yield awaits_from(user_id, case)
    yield case.reading_rank < NOTHING_TO_READ
    yield is_left_by_others(user_id, database_now(db.session), case)
