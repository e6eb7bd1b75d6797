"""What lists of cases can be narrowed to, as plain conditions and as stretches of the indexes.

`reading_rank` holds priority and verdict (and that nothing can be read) in one number, so that each index of
facets needs one column for the three. Both forms mean the same cases; the second is for a list that shows a
page of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, and_, literal_column

from portal.models import VERDICTS, Case
from portal.models.cases import (
    NOTHING_TO_READ,
    OUT_OF_SCOPE_INDEX,
    PRIORITIES,
    READING_ORDER,
    REFUSED_INDEX,
    WITHDRAWN,
    reading_rank,
)
from portal.models.findings import OUT_OF_SCOPE
from portal.queries.merging import PartialIndex, Stretch
from portal.queries.paging import Column, Order

NONE_YET = "none yet"
"""Chosen for cases without a verdict."""


@dataclass(frozen=True)
class Facets:
    """What is null does not restrict.

    `verdict`      the case's; out of scope: of any image, even where the case's is more severe
    `state`        the case's; refused: of any image, even where others were read
    `is_reviewed`  settled or not
    `refused`      false: none that nobody can read, unless just these are asked for, and none withdrawn
    """

    verdict: str | None = None
    priority: str | None = None
    state: str | None = None
    part: str | None = None
    is_reviewed: bool | None = None
    refused: bool = True

    @property
    def is_out_of_scope(self) -> bool:
        return self.verdict == OUT_OF_SCOPE

    @property
    def is_refused(self) -> bool:
        return self.state == "refused"

    @property
    def within(self) -> PartialIndex | None:
        """The index that holds none but such cases, if there is one."""
        refused = PartialIndex(REFUSED_INDEX, Case, has_refused_image()) if self.is_refused else None
        if not self.is_out_of_scope:
            return refused
        holds = has_image_out_of_scope()
        return PartialIndex(OUT_OF_SCOPE_INDEX, Case, and_(holds, refused.holds) if refused else holds)

    def conditions(self, case: type[Case] = Case) -> Iterator[ColumnElement[bool]]:
        if self.is_out_of_scope:
            yield has_image_out_of_scope(case)
        elif self.verdict:
            yield case.verdict.is_(None) if self.verdict == NONE_YET else case.verdict == self.verdict
        if self.is_reviewed is not None:
            yield case.is_reviewed == self.is_reviewed
        if self.is_refused:
            yield has_refused_image(case)
        elif self.state is not None:
            yield case.state == self.state
        if not self.refused:
            yield case.reading_rank < (WITHDRAWN if self.is_refused else NOTHING_TO_READ)
        for column, value in ((case.priority, self.priority), (case.part, self.part)):
            if value is not None:
                yield column == value

    def stretches(self, order: Order) -> list[Stretch]:
        """Each the beginning of one of the indexes of `case`, and in the order asked for."""
        if self._needs_no_rank(order):
            return [Stretch({Case.state: self.state} if self.state else {})]
        if self == Facets():
            return [Stretch({Case.priority: priority}) for priority in PRIORITIES]
        return list(self._by_rank())

    def _needs_no_rank(self, order: Order) -> bool:
        is_alone = self == Facets(state=self.state) and not self.is_refused
        return is_alone and order.columns[0].key == Case.created_at.key

    def _by_rank(self) -> Iterator[Stretch]:
        named: dict[Column, Any] = {}
        if self.state is not None and not self.is_refused:
            named[Case.state] = self.state
        if self.part is not None:
            named[Case.part] = self.part
        reviewed = (False, True) if self.is_reviewed is None else (self.is_reviewed,)
        for is_reviewed, (equal, implied) in product(reviewed, self._ranks()):
            yield Stretch({**named, Case.is_reviewed: is_reviewed, **equal}, implied, self.within)

    def _ranks(self) -> Iterator[tuple[Mapping[Column, Any], Mapping[Column, Any]]]:
        """Each rank that fits, and the priority that follows from it; the last one holds both priorities."""
        priorities = (self.priority,) if self.priority else PRIORITIES
        for priority, verdict in product(priorities, self._verdicts()):
            yield {Case.reading_rank: reading_rank(priority, verdict, "done")}, {Case.priority: priority}
        if self._may_be_refused():
            for priority in priorities:
                yield {Case.reading_rank: NOTHING_TO_READ, Case.priority: priority}, {}

    def _verdicts(self) -> tuple[str | None, ...]:
        if self.verdict is None:
            return READING_ORDER
        if self.is_out_of_scope:
            return VERDICTS[: VERDICTS.index(OUT_OF_SCOPE) + 1]
        return (None if self.verdict == NONE_YET else self.verdict,)

    def _may_be_refused(self) -> bool:
        is_wanted = self.is_refused or (self.refused and self.state is None)
        return is_wanted and self.verdict in (None, NONE_YET)


def has_image_out_of_scope(case: type[Case] = Case) -> ColumnElement[bool]:
    """Written out, without a parameter, so that SQLite knows the index's own condition in it."""
    return case.out_of_scope_count > literal_column("0")


def has_refused_image(case: type[Case] = Case) -> ColumnElement[bool]:
    """Written out for the same reason."""
    return case.refused_count > literal_column("0")
