"""Keyset paging: a page starts beside a row, not at a number, so a deep page costs as little as the first."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, Subquery, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal.db import db
from portal.errors import BadRequest

PAGE_SIZE = 50
T = TypeVar("T")


Column = InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Order:
    """How a list is sorted: by columns that together are unique, in one direction, as an index is."""

    columns: tuple[Column, ...]
    is_descending: bool = True

    def of(self, entity: Any) -> Order:
        """The same order of another source of the same rows."""
        return Order(tuple(getattr(entity, column.key) for column in self.columns), self.is_descending)

    def sort(self, query: Select[T], is_falling: bool) -> Select[T]:
        return query.order_by(*(column.desc() if is_falling else column.asc() for column in self.columns))

    def beyond(self, values: Sequence[Any], is_falling: bool) -> ColumnElement[bool]:
        """The rows on one side of the row that has these values."""
        here = tuple_(*self.columns)
        there = tuple_(
            *(literal(value, column.type) for value, column in zip(values, self.columns, strict=True))
        )
        return here < there if is_falling else here > there


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, with opaque cursors to the rows on either side (null at an end)."""

    items: Sequence[T]
    previous: str | None
    next: str | None


class Source(Protocol):
    """Finds the first rows of a list by itself; see `merging.Merge`."""

    def first(self, order: Order, beyond: Sequence[Any] | None, is_falling: bool, count: int) -> Subquery: ...


def fetch_page(
    query: Select[T], order: Order, cursor: str | None, size: int = PAGE_SIZE, source: Source | None = None
) -> Page[T]:
    """The page beside `cursor`, or the first; one query. Raises BadRequest for a cursor that is not ours.

    `source` finds the rows, each by the last column of `order`; without it they are all that `query` finds.
    """
    towards, values = _decode(cursor, order) if cursor else ("next", None)
    is_backwards = towards == "previous"
    is_falling = order.is_descending != is_backwards
    if source is not None:
        first = source.first(order, values, is_falling, size + 1)
        query = query.join(first, first.c[order.columns[-1].key] == order.columns[-1])
    elif values is not None:
        query = query.where(order.beyond(values, is_falling))
    rows = list(db.session.scalars(order.sort(query, is_falling).limit(size + 1)))
    has_more = len(rows) > size
    items = rows[:size][::-1] if is_backwards else rows[:size]
    return Page(
        items,
        previous=_encode("previous", items[0], order)
        if items and (has_more if is_backwards else cursor)
        else None,
        next=_encode("next", items[-1], order) if items and (is_backwards or has_more) else None,
    )


def _encode(towards: str, row: object, order: Order) -> str:
    values = [_to_text(getattr(row, column.key)) for column in order.columns]
    return base64.urlsafe_b64encode(json.dumps([towards, *values]).encode()).decode().rstrip("=")


def _to_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _decode(cursor: str, order: Order) -> tuple[str, list[Any]]:
    try:
        towards, *texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if towards not in ("previous", "next"):
            raise ValueError(towards)
        pairs = zip(texts, order.columns, strict=True)
        return towards, [READERS[column.type.python_type](text) for text, column in pairs]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise BadRequest(
            "This link to a page of the list is damaged. Go back to the start of the list."
        ) from error


def _text(text: str) -> str:
    if not isinstance(text, str) or "\0" in text:
        raise ValueError("not a text")
    return text


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment.astimezone(UTC)


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) > 2**31 - 1:
        raise ValueError("too large")
    return number


def _yes_or_no(text: str) -> bool:
    return {"True": True, "False": False}[text]


READERS: dict[type, Callable[[str], Any]] = {
    str: _text, int: _whole, bool: _yes_or_no, uuid.UUID: uuid.UUID, datetime: _moment
}  # fmt: skip
