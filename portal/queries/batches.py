"""Batches and how far they are."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.errors import NotFound
from portal.models import OPEN_STATES, Batch, Case, Image, Job
from portal.queries.case_rows import CaseRow
from portal.queries.disagreement import NEW
from portal.queries.history import Selection, history
from portal.queries.paging import Order, Page, fetch_page
from portal.queries.withdrawals import not_withdrawn

NEWEST_FIRST = Order((Batch.created_at, Batch.id))


@dataclass(frozen=True)
class Progress:
    """Counts of a batch's jobs by state; of an upload also the images that have no job (yet)."""

    jobs: Mapping[str, int] = field(default_factory=dict)
    undecoded: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        return sum(self.jobs.values()) + self.undecoded + self.refused

    @property
    def open(self) -> int:
        return self.undecoded + self.open_jobs

    @property
    def open_jobs(self) -> int:
        return sum(self.jobs.get(state, 0) for state in OPEN_STATES)

    @property
    def ended(self) -> int:
        return self.total - self.open

    @property
    def unread(self) -> int:
        """Ended without a finding."""
        return self.ended - self.jobs.get("done", 0)

    def count(self, state: str) -> int:
        return self.jobs.get(state, 0)


class Changes(NamedTuple):
    """Cases whose newest change of verdict came with this re-run, and those that no longer fit the answer."""

    cases: int
    differing: int


@dataclass(frozen=True)
class BatchRow:
    batch: Batch
    progress: Progress

    @property
    def is_running(self) -> bool:
        return self.progress.open > 0

    @property
    def is_cancellable(self) -> bool:
        return self.is_running and self.batch.cancelled_at is None


def batch_page(kind: str | None, cursor: str | None) -> Page[BatchRow]:
    """Newest first, of one kind or of both, with their progress; three queries more, whatever the number."""
    query = _batches()
    if kind:
        query = query.where(Batch.kind == kind)
    page = fetch_page(query, NEWEST_FIRST, cursor)
    return Page(_with_progress(page.items), page.previous, page.next)


def read_batch(batch_id: uuid.UUID) -> BatchRow:
    """Raises NotFound."""
    batch = db.session.scalars(_batches().where(Batch.id == batch_id)).one_or_none()
    if batch is None:
        raise NotFound("There is no such batch.")
    return _with_progress([batch])[0]


def changes_by(batch_id: uuid.UUID) -> Changes:
    """Counted in an index of what re-runs changed, which holds few of all cases."""
    differing = func.count().filter(Case.differs == NEW)
    counted = select(func.count(), differing).where(Case.changed_by_id == batch_id, not_withdrawn())
    return Changes(*db.session.execute(counted).one())


def newest_cases_of(batch_id: uuid.UUID) -> Sequence[CaseRow]:
    """As many of its cases as a page of the history holds, which lists all."""
    return history(Selection(batch_id=batch_id), "newest", None).page.items


def _batches() -> Select[Batch]:
    return select(Batch).options(
        joinedload(Batch.requested_by), joinedload(Batch.release), joinedload(Batch.case)
    )


def _with_progress(batches: Sequence[Batch]) -> list[BatchRow]:
    ids = [batch.id for batch in batches]
    jobs = _job_counts(ids)
    images = _jobless_images(ids)
    return [
        BatchRow(batch, Progress(jobs[batch.id], images[batch.id]["received"], images[batch.id]["refused"]))
        for batch in batches
    ]


def _job_counts(batch_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Counter[str]]:
    rows = db.session.execute(
        select(Job.batch_id, Job.state, func.count())
        .where(Job.batch_id.in_(batch_ids))
        .group_by(Job.batch_id, Job.state)
    )
    return _tallied(rows)


def _jobless_images(batch_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Counter[str]]:
    """Per upload batch, images that are not decoded yet and images that were refused."""
    rows = db.session.execute(
        select(Batch.id, Image.state, func.count())
        .join(Image, Image.case_id == Batch.case_id)
        .where(Batch.id.in_(batch_ids), Batch.kind == "upload", Image.state != "ready")
        .group_by(Batch.id, Image.state)
    )
    return _tallied(rows)


def _tallied(rows: Iterable[Row[uuid.UUID, str, int]]) -> Mapping[uuid.UUID, Counter[str]]:
    tally: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    for batch_id, state, count in rows:
        tally[batch_id][state] = count
    return tally
