"""The cases of a batch: an upload's is its own case, jobs or not; a re-run's are where its jobs are."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.models import Batch, Case, Image, Job

SMALL = 2000


def is_small(batch_id: uuid.UUID) -> bool:
    """Whether its cases are better looked up one by one than met while going through all."""
    some = select(Job.id).where(Job.batch_id == batch_id).limit(SMALL + 1).subquery()
    return (db.session.scalar(select(func.count()).select_from(some)) or 0) <= SMALL


def cases_of_batch(batch_id: uuid.UUID) -> type[Case]:
    """As a source of cases of its own."""
    read_in_it = select(Image.case_id).join(Job, Job.image_id == Image.id).where(Job.batch_id == batch_id)
    uploaded_in_it = select(Batch.case_id).where(Batch.id == batch_id, Batch.case_id.is_not(None))
    ids = read_in_it.union(uploaded_in_it)
    return aliased(Case, select(Case).where(Case.id.in_(ids)).limit(SMALL + 1).subquery())


def is_in_batch(batch_id: uuid.UUID, case: type[Case] = Case) -> ColumnElement[bool]:
    """As a question about one case."""
    was_read_in_it = exists().where(
        Image.case_id == case.id, Job.image_id == Image.id, Job.batch_id == batch_id
    )
    was_uploaded_in_it = exists().where(Batch.case_id == case.id, Batch.id == batch_id)
    return or_(was_read_in_it, was_uploaded_in_it)
