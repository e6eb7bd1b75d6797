"""Which findings count for a case, and which of them its reviews were about: ids, lowest first."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from portal.db import db
from portal.models import Event, Finding, Image, Job


def current_findings(case_id: uuid.UUID) -> tuple[int, ...]:
    """Of each image the one of its newest finished job: the rule of `ReadImage.finding`, by one query."""
    newest_done = (
        select(func.max(Job.id))
        .join(Image, Image.id == Job.image_id)
        .where(Image.case_id == case_id, Job.state == "done")
        .group_by(Job.image_id)
    )
    query = select(Finding.id).where(Finding.job_id.in_(newest_done)).order_by(Finding.id)
    return tuple(db.session.scalars(query))


def reviewed_findings(case_id: uuid.UUID) -> dict[int, tuple[int, ...]]:
    """Per review what its reader had before them; reviews of the time when this was not kept are missing."""
    details = db.session.scalars(
        select(Event.detail).where(
            Event.subject == "case", Event.subject_id == str(case_id), Event.action == "case.reviewed"
        )
    )
    return {detail["review"]: tuple(detail["findings"]) for detail in details if "findings" in detail}
