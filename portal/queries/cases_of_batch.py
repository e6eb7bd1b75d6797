"""The cases of a batch: an upload's is its own case, jobs or not; a re-run's are where its jobs are."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from portal.models import Batch, Case, Image, Job


def cases_of_batch(batch_id: uuid.UUID) -> type[Case]:
    """As a source of cases of its own: takes as long as the batch is large, wherever its cases stand."""
    return aliased(Case, select(Case).where(is_in_batch(batch_id)).subquery())


def is_in_batch(batch_id: uuid.UUID) -> ColumnElement[bool]:
    read_in_it = select(Image.case_id).join(Job, Job.image_id == Image.id).where(Job.batch_id == batch_id)
    uploaded_in_it = select(Batch.case_id).where(Batch.id == batch_id, Batch.case_id.is_not(None))
    return Case.id.in_(read_in_it.union(uploaded_in_it))
