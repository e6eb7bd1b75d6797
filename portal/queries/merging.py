"""A filtered list put together from stretches of an index.

Each stretch is in order already; a page's worth is taken of each, and these are merged. So what fits few of
a million cases is found without looking at the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, false, func, select, union_all

from portal.db import db
from portal.queries.paging import Column, Order


@dataclass(frozen=True)
class PartialIndex:
    """An index of those rows of `of` that meet `holds`, which says so in the index's own words."""

    name: str
    of: type[Any]
    holds: ColumnElement[bool]

    def prefer(self, query: Select[Any]) -> Select[Any]:
        """SQLite, which does not know how few rows it holds, is told to use it; PostgreSQL counts."""
        return query.with_hint(self.of, f"INDEXED BY {self.name}", "sqlite")


@dataclass(frozen=True)
class Stretch:
    """Rows side by side in an index: `equal` names its first columns; `implied` ones follow from them.

    `within`  the partial index that it lies in; further columns of that one may be equal too
    """

    equal: Mapping[Column, Any]
    implied: Mapping[Column, Any] = field(default_factory=dict)
    within: PartialIndex | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        equal = [column == value for column, value in self.equal.items()]
        return [self.within.holds, *equal] if self.within else equal

    def known(self, order: Order) -> list[Any]:
        """The values of the first columns of `order`, as far as the whole stretch shares them."""
        values = {column.key: value for column, value in {**self.equal, **self.implied}.items()}
        keys = [column.key for column in order.columns]
        shared = next((n for n, key in enumerate(keys) if key not in values), len(keys))
        return [values[key] for key in keys[:shared]]

    def may_hold(self, order: Order, row: Sequence[Any]) -> bool:
        """Whether the row that has these values of the columns of `order` stands in it."""
        known = self.known(order)
        return list(row[: len(known)]) == known


@dataclass(frozen=True)
class Merge:
    """The rows of these stretches that also meet `where`."""

    stretches: Sequence[Stretch]
    where: Sequence[ColumnElement[bool]] = ()

    def first(self, order: Order, beyond: Sequence[Any] | None, is_falling: bool, count: int) -> Subquery:
        """The columns of `order` of the first rows, after those that have the values `beyond`."""
        parts = [
            self.part(stretch, order, beyond, is_falling).limit(count)
            for stretch in self.stretches
            if not _is_passed(stretch.known(order), beyond, is_falling)
        ]
        union = _union(parts, order)
        columns = [union.c[column.key] for column in order.columns]
        newest = [column.desc() if is_falling else column.asc() for column in columns]
        return select(*columns).order_by(*newest).limit(count).subquery()

    def count(self, order: Order, up_to: int) -> int:
        """How many rows there are; counts no further than `up_to`."""
        parts = [self.part(stretch, order, None, False).limit(up_to) for stretch in self.stretches]
        some = select(_union(parts, order)).limit(up_to).subquery()
        return db.session.scalar(select(func.count()).select_from(some)) or 0

    def part(
        self, stretch: Stretch, order: Order, beyond: Sequence[Any] | None, is_falling: bool
    ) -> Select[Any]:
        known = stretch.known(order)
        rest = Order(order.columns[len(known) :])
        query = select(*order.columns).where(*stretch.conditions, *self.where)
        if stretch.within:
            query = stretch.within.prefer(query)
        if beyond is not None and stretch.may_hold(order, beyond):
            query = query.where(rest.beyond(beyond[len(known) :], is_falling))
        return rest.sort(query, is_falling)


def _is_passed(known: Sequence[Any], beyond: Sequence[Any] | None, is_falling: bool) -> bool:
    """Whether the whole stretch lies before the row with the values `beyond`."""
    if beyond is None:
        return False
    here, there = list(known), list(beyond[: len(known)])
    return here > there if is_falling else here < there


def _union(parts: Sequence[Select[Any]], order: Order) -> Subquery:
    """Wrapped one by one: SQLite allows no LIMIT in a part of a union."""
    some = parts or [select(*order.columns).where(false())]
    return union_all(*(select(part.subquery()) for part in some)).subquery()
