"""Where a waiting case stands in the queue, and roughly how long that takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.clock import database_now
from portal.db import db
from portal.models import Job
from portal.queries.cases import ReadCase

RECENT = timedelta(minutes=10)
RECENT_JOBS = 100
DEFAULT_SECONDS_PER_JOB = 1.0


@dataclass(frozen=True)
class QueuePlace:
    """`ahead` images come before the first of this case, which has `own` images still to be read."""

    ahead: int
    own: int
    wait_s: float

    @property
    def position(self) -> int:
        return self.ahead + 1


def place_of(read: ReadCase) -> QueuePlace | None:
    """None when nothing of the case waits. Urgent goes before routine, then the oldest first."""
    waiting = [image for image in read.images if image.outcome == "waiting"]
    if not waiting:
        return None
    ahead = 0 if any(image.is_running for image in waiting) else _ahead_of(waiting)
    return QueuePlace(ahead, len(waiting), (ahead + len(waiting)) * seconds_per_job())


def seconds_per_job() -> float:
    """From the newest jobs of the last ten minutes: time under claim over jobs and over workers."""
    since = database_now(db.session) - RECENT
    recent = [row for row in _newest_done() if row.finished_at > since and row.started_at]
    if not recent:
        return DEFAULT_SECONDS_PER_JOB
    claims: dict[tuple[str | None, datetime], datetime] = {}
    for row in recent:
        claim = (row.claimed_by, row.started_at)
        claims[claim] = max(row.finished_at, claims.get(claim, row.finished_at))
    busy_s = sum((ended - started).total_seconds() for (_, started), ended in claims.items())
    workers = len({row.claimed_by for row in recent})
    return max(busy_s / len(recent) / workers, 0.01)


def last_finished_at() -> datetime | None:
    """When a job last ended with a finding, among the newest."""
    return max((row.finished_at for row in _newest_done()), default=None)


def in_words(seconds: float) -> str:
    """A rough wait as people say it."""
    if seconds < 55:
        return f"{max(5, math.ceil(seconds / 5) * 5)} s"
    if seconds < 55 * 60:
        return f"{math.ceil(seconds / 60)} min"
    return f"{math.ceil(seconds / 3600)} h"


def _newest_done() -> Sequence[Job]:
    return db.session.scalars(
        select(Job)
        .where(Job.state == "done", Job.finished_at.is_not(None))
        .order_by(Job.id.desc())
        .limit(RECENT_JOBS)
    ).all()


def _ahead_of(waiting: list[ReadImage]) -> int: ...
