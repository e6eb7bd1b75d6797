"""The cases of a batch: an upload's is its own case, jobs or not; a re-run's are where its jobs are."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, exists, select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.models import Batch, Case, Image, Job
from portal.queries.merging import Merge, Stretch
from portal.queries.paging import Order


def uploaded_case(batch_id: uuid.UUID) -> uuid.UUID | None:
    """An upload's case; a re-run has none."""
    return db.session.scalar(select(Batch.case_id).where(Batch.id == batch_id))


def is_in_batch(batch_id: uuid.UUID) -> ColumnElement[bool]:
    read_in_it = select(Image.case_id).join(Job, Job.image_id == Image.id).where(Job.batch_id == batch_id)
    uploaded_in_it = select(Batch.case_id).where(Batch.id == batch_id, Batch.case_id.is_not(None))
    return Case.id.in_(read_in_it.union(uploaded_in_it))


def is_read_in(batch_id: uuid.UUID) -> ColumnElement[bool]:
    """Asked of one case after the other, where few of all are asked."""
    return exists().where(Image.case_id == Case.id, Job.image_id == Image.id, Job.batch_id == batch_id)


@dataclass(frozen=True)
class RerunMerge(Merge):
    """A re-run's cases, found along its jobs, which stand in the order of the cases, the oldest first.

    For orders that end with the case's time and id. A page takes as long as it is from one case that fits to
    the next, wherever it stands among hundreds of thousands.
    """

    batch_id: uuid.UUID = field(kw_only=True)

    def part(
        self, stretch: Stretch, order: Order, beyond: Sequence[Any] | None, is_falling: bool
    ) -> Select[Any]:
        query = super().part(stretch, order, beyond, is_falling)
        query = query.join(Image, Image.case_id == Case.id).join(Job, Job.image_id == Image.id)
        query = query.where(Job.batch_id == self.batch_id, ~self._has_earlier_image())
        if beyond is not None and stretch.may_hold(order, beyond):
            here = self._a_job_of(beyond[-1])
            query = query.where(Job.id < here if is_falling else Job.id > here)
        return query.order_by(None).order_by(Job.id.desc() if is_falling else Job.id)

    def _has_earlier_image(self) -> ColumnElement[bool]:
        """Another image of the case stands for it."""
        image, job = aliased(Image), aliased(Job)
        return exists().where(
            image.case_id == Case.id, image.position < Image.position,
            job.image_id == image.id, job.batch_id == self.batch_id,
        )  # fmt: skip

    def _a_job_of(self, case_id: uuid.UUID) -> ScalarSelect[int]:
        """Any of them: a case's jobs stand side by side."""
        images = select(Image.id).where(Image.case_id == case_id)
        jobs = select(Job.id).where(Job.image_id.in_(images), Job.batch_id == self.batch_id)
        return jobs.limit(1).scalar_subquery()
