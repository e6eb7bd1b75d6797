"""Where a waiting case stands in the queue, and roughly how long that takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, literal, select, tuple_

from portal.clock import database_now
from portal.db import db
from portal.models import Image, Job
from portal.queries.cases import ReadCase, ReadImage

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
    recent = [reading for reading in _newest_readings() if reading.ended_at > since]
    if not recent:
        return DEFAULT_SECONDS_PER_JOB
    claims: dict[tuple[str | None, datetime], datetime] = {}
    for reading in recent:
        claim = (reading.worker, reading.claimed_at)
        claims[claim] = max(reading.ended_at, claims.get(claim, reading.ended_at))
    busy_s = sum((ended_at - claimed_at).total_seconds() for (_, claimed_at), ended_at in claims.items())
    workers = len({reading.worker for reading in recent})
    return max(busy_s / len(recent) / workers, 0.01)


def last_finished_at() -> datetime | None:
    """When a job last ended with a finding, among the newest."""
    return max((reading.ended_at for reading in _newest_readings()), default=None)


def in_words(seconds: float) -> str:
    """A rough wait as people say it."""
    if seconds < 55:
        return f"{max(5, math.ceil(seconds / 5) * 5)} s"
    if seconds < 55 * 60:
        return f"{math.ceil(seconds / 60)} min"
    return f"{math.ceil(seconds / 3600)} h"


class Reading(NamedTuple):
    """A job that ended with a finding. All jobs of one claim carry the same `claimed_at`."""

    worker: str | None
    claimed_at: datetime
    ended_at: datetime


def _newest_readings() -> list[Reading]:
    rows = db.session.execute(
        select(Job.claimed_by, Job.started_at, Job.finished_at)
        .where(Job.state == "done")
        .order_by(Job.id.desc())
        .limit(RECENT_JOBS)
    )
    return [Reading(worker, began, ended) for worker, began, ended in rows if began and ended]


def _ahead_of(waiting: Sequence[ReadImage]) -> int:
    queued = [image.telling_job for image in waiting if image.telling_job]
    if queued:
        first = min((job.rank, job.id) for job in queued)
        return _count_jobs(tuple_(Job.rank, Job.id) < tuple_(literal(first[0]), literal(first[1])))
    return _ahead_of_undecoded([image.image for image in waiting])


def _ahead_of_undecoded(images: Sequence[Image]) -> int:
    """Images still to be decoded before the first of these, and every job that goes before its rank."""
    first = min(images, key=lambda image: (image.rank, image.received_at, image.position))
    place = tuple_(literal(first.rank), literal(first.received_at, Image.received_at.type))
    undecoded = db.session.scalar(
        select(func.count())
        .select_from(Image)
        .where(Image.state == "received", Image.case_id != first.case_id)
        .where(tuple_(Image.rank, Image.received_at) < place)
    )
    return (undecoded or 0) + _count_jobs(Job.rank <= first.rank)


def _count_jobs(which: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Job).where(Job.state == "queued", which)) or 0
