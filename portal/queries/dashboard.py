"""What the dashboard shows: today's counts, what waits, what needs a look, one's own newest cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from portal.db import db
from portal.models import Case, Image, Release
from portal.models.columns import utc_now
from portal.models.findings import OUT_OF_SCOPE
from portal.queries.case_rows import CaseRow, cases_with_people, rows_of
from portal.queries.days import start_of, today
from portal.queries.disagreement import NEW
from portal.queries.facets import has_image_out_of_scope

SHOWN = 8
TROUBLE_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Dashboard:
    """`verdicts` and `states` count the cases of `day`, which is today.

    `differing_count`  settled cases that were read again since, and then otherwise
    """

    day: date
    states: Mapping[str, int]
    verdicts: Mapping[str, int]
    waiting_count: int
    waiting: Sequence[CaseRow]
    trouble: Sequence[CaseRow]
    mine: Sequence[CaseRow]
    differing_count: int

    @property
    def is_busy(self) -> bool:
        return self.waiting_count > 0


def dashboard_of(user_id: int) -> Dashboard:
    waiting = _cases(Case.state == "waiting", order=(Case.priority.desc(), Case.created_at))
    trouble = _cases(_is_recent_trouble(), order=(Case.created_at.desc(),))
    mine = _cases(Case.uploaded_by_id == user_id, order=(Case.created_at.desc(),))
    rows = rows_of([*waiting, *trouble, *mine])
    states, verdicts = _counts_today()
    ends = len(waiting), len(waiting) + len(trouble)
    return Dashboard(
        today(), states, verdicts, _waiting_count(), rows[: ends[0]], rows[ends[0] : ends[1]],
        rows[ends[1] :], _differing_count(),
    )  # fmt: skip


def has_active_release() -> bool:
    return db.session.scalar(select(Release.id).where(Release.state == "active")) is not None


def _is_recent_trouble() -> ColumnElement[bool]:
    """Also a case whose other files were read: someone has to send the refused one again."""
    has_refused_file = exists().where(Image.case_id == Case.id, Image.state == "refused")
    is_trouble = or_(Case.state.in_(("failed", "refused")), has_refused_file)
    return is_trouble & (Case.created_at > utc_now() - TROUBLE_KEPT)


def _cases(which: ColumnElement[bool], order: Sequence[Any]) -> Sequence[Case]:
    return db.session.scalars(cases_with_people().where(which).order_by(*order).limit(SHOWN)).all()


def _waiting_count() -> int:
    return db.session.scalar(select(func.count()).where(Case.state == "waiting")) or 0


def _differing_count() -> int:
    return db.session.scalar(select(func.count()).where(Case.differs == NEW)) or 0


def _is_partly_out_of_scope() -> ColumnElement[bool]:
    """Counted beside the case's own verdict, as the history finds it under both."""
    return has_image_out_of_scope() & (Case.verdict != OUT_OF_SCOPE)


def _counts_today() -> tuple[Counter[str], Counter[str]]:
    states: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for state, verdict, count, partly_count in db.session.execute(
        select(Case.state, Case.verdict, func.count(), func.count().filter(_is_partly_out_of_scope()))
        .where(Case.created_at >= start_of(today()))
        .group_by(Case.state, Case.verdict)
    ):
        states[state] += count
        if verdict:
            verdicts[verdict] += count
            verdicts[OUT_OF_SCOPE] += partly_count
    return states, verdicts
