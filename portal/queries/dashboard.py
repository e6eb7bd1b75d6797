"""What the dashboard shows: today's counts, what waits, what needs a look, one's own newest cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select

from portal.db import db
from portal.models import Case, Release
from portal.models.findings import OUT_OF_SCOPE
from portal.queries.case_rows import CaseRow, cases_with_people, rows_of
from portal.queries.days import start_of, today
from portal.queries.disagreement import NEW
from portal.queries.facets import has_image_out_of_scope, has_refused_image
from portal.queries.withdrawals import not_withdrawn

SHOWN = 8
TROUBLE_DAYS = 7
"""Today as the last."""


class TroubleCounts(NamedTuple):
    """All cases of the last days, and those with a refused image, a failed reading, a cancelled upload."""

    cases: int
    refused: int
    failed: int
    cancelled: int


@dataclass(frozen=True)
class Dashboard:
    """`verdicts` and `states` count the cases of `day`, which is today. Withdrawn cases are nowhere in it.

    `trouble` shows the first of `trouble_counts.cases`, which are of `trouble_from` and later
    `differing_count`  settled cases that were read again since, and then otherwise
    """

    day: date
    states: Mapping[str, int]
    verdicts: Mapping[str, int]
    waiting_count: int
    waiting: Sequence[CaseRow]
    trouble: Sequence[CaseRow]
    trouble_counts: TroubleCounts
    trouble_from: date
    mine: Sequence[CaseRow]
    differing_count: int

    @property
    def is_busy(self) -> bool:
        return self.waiting_count > 0


def dashboard_of(user_id: int) -> Dashboard:
    waiting = _cases(Case.state == "waiting", order=(Case.priority.desc(), Case.created_at))
    trouble = _cases(_is_recent_trouble(), order=(Case.priority.desc(), Case.created_at.desc()))
    mine = _cases((Case.uploaded_by_id == user_id) & not_withdrawn(), order=(Case.created_at.desc(),))
    rows = rows_of([*waiting, *trouble, *mine])
    states, verdicts = _counts_today()
    ends = len(waiting), len(waiting) + len(trouble)
    return Dashboard(
        today(), states, verdicts, _waiting_count(), rows[: ends[0]], rows[ends[0] : ends[1]],
        _trouble_counts(), _trouble_from(), rows[ends[1] :], _differing_count(),
    )  # fmt: skip


def has_active_release() -> bool:
    return db.session.scalar(select(Release.id).where(Release.state == "active")) is not None


def _trouble_from() -> date:
    return today() - timedelta(days=TROUBLE_DAYS - 1)


def _is_recent_trouble() -> ColumnElement[bool]:
    """Also a case whose other files were read: someone has to send the refused one again."""
    is_trouble = or_(Case.state.in_(("failed", "cancelled")), has_refused_image())
    return is_trouble & (Case.created_at >= start_of(_trouble_from())) & not_withdrawn()


def _trouble_counts() -> TroubleCounts:
    counts = (
        func.count(),
        func.count().filter(has_refused_image()),
        func.count().filter(Case.state == "failed"),
        func.count().filter(Case.state == "cancelled"),
    )
    return TroubleCounts(*db.session.execute(select(*counts).where(_is_recent_trouble())).one())


def _cases(which: ColumnElement[bool], order: Sequence[Any]) -> Sequence[Case]:
    return db.session.scalars(cases_with_people().where(which).order_by(*order).limit(SHOWN)).all()


def _waiting_count() -> int:
    return db.session.scalar(select(func.count()).where(Case.state == "waiting")) or 0


def _differing_count() -> int:
    return db.session.scalar(select(func.count()).where(Case.differs == NEW, not_withdrawn())) or 0


def _is_partly_out_of_scope() -> ColumnElement[bool]:
    """Counted beside the case's own verdict, as the history finds it under both; so are refused images."""
    return has_image_out_of_scope() & (Case.verdict != OUT_OF_SCOPE)


def _counts_today() -> tuple[Counter[str], Counter[str]]:
    states: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    partly = (
        func.count().filter(_is_partly_out_of_scope()),
        func.count().filter(has_refused_image() & (Case.state != "refused")),
    )
    for state, verdict, count, partly_count, partly_refused_count in db.session.execute(
        select(Case.state, Case.verdict, func.count(), *partly)
        .where(Case.created_at >= start_of(today()), not_withdrawn())
        .group_by(Case.state, Case.verdict)
    ):
        states[state] += count
        states["refused"] += partly_refused_count
        if verdict:
            verdicts[verdict] += count
            verdicts[OUT_OF_SCOPE] += partly_count
    return states, verdicts
