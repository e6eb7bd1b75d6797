"""A case: one examination that someone uploaded."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.accounts import User
from portal.models.columns import one_of, utc_now
from portal.models.findings import VERDICTS

if TYPE_CHECKING:
    from portal.models.images import Image

PRIORITIES = ("urgent", "routine")
CASE_STATES = ("waiting", "done", "refused", "failed", "cancelled")


class Case(Base):
    """`state` and `verdict` sum up the images' newest jobs, kept in the same transaction as those change.

    `state`    waiting: something is still queued, decoded or read; failed: a newest job gave no finding;
               cancelled: a reading was cancelled before it gave one; refused: no image could be used;
               done: everything usable was read
    `verdict`  the most severe current verdict of its images; null before the first
    """

    __tablename__ = "case"
    __table_args__ = (
        one_of("priority", PRIORITIES),
        one_of("state", CASE_STATES),
        one_of("verdict", VERDICTS),
        Index("ix_case_created", "created_at", "id"),
        Index("ix_case_state", "state", "created_at"),
        Index("ix_case_verdict", "verdict", "created_at"),
        Index("ix_case_uploader", "uploaded_by_id", "created_at"),
        Index("ix_case_patient", "patient_key"),
        Index("ix_case_accession", "accession_key"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    patient_ref: Mapped[str] = mapped_column(String(64))
    patient_key: Mapped[str] = mapped_column(String(64))
    accession: Mapped[str] = mapped_column(String(64), default="")
    accession_key: Mapped[str] = mapped_column(String(64), default="")
    body_part: Mapped[str] = mapped_column(String(40), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    priority: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    verdict: Mapped[str | None] = mapped_column(String(20))
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)

    uploaded_by: Mapped[User] = relationship()
    images: Mapped[list[Image]] = relationship(back_populates="case", order_by="Image.position")
