"""A job: one release to be applied to one image."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.batches import Batch
from portal.models.claims import Claimable
from portal.models.columns import one_of, utc_now
from portal.models.images import Image
from portal.models.releases import Release

if TYPE_CHECKING:
    from portal.models.findings import Finding

JOB_STATES = ("queued", "running", "done", "failed", "cancelled", "quarantined")
OPEN_STATES = ("queued", "running")
BATCH_CANCELLED = "The batch was cancelled."
CASE_WITHDRAWN = "The case was withdrawn."
"""Why a job was cancelled; what a withdrawal cancelled is queued again when the case is restored."""


class Job(Claimable, Base):
    """`queued → running → done`, or `failed`, `cancelled`, `quarantined`; moved only by `actions/jobs.py`.

    `problem` says in words why a job that ended has no finding.
    """

    __tablename__ = "job"
    __table_args__ = (
        one_of("state", JOB_STATES),
        Index("ix_job_image_batch", "image_id", "batch_id", unique=True),
        Index("ix_job_batch", "batch_id", "state"),
        Index("ix_job_batch_order", "batch_id", "id", "image_id"),
        Index("ix_job_due", "rank", "id", sqlite_where=text("state = 'queued'"),
              postgresql_where=text("state = 'queued'")),
        Index("ix_job_running", "lease_until", sqlite_where=text("state = 'running'"),
              postgresql_where=text("state = 'running'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id"))
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"))
    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("batch.id"))
    rank: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    problem: Mapped[str | None] = mapped_column(String(300))
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    image: Mapped[Image] = relationship()
    release: Mapped[Release] = relationship()
    batch: Mapped[Batch] = relationship()
    finding: Mapped[Finding | None] = relationship(back_populates="job")
