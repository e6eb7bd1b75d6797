"""A batch: jobs started together, by an upload or by an admin's re-run."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.accounts import User
from portal.models.cases import Case
from portal.models.columns import one_of, utc_now
from portal.models.releases import Release

BATCH_KINDS = ("upload", "rerun")


class Batch(Base):
    """`open_key` names what a re-run does while it runs; being unique, it stops a second equal one."""

    __tablename__ = "batch"
    __table_args__ = (
        one_of("kind", BATCH_KINDS),
        Index("ix_batch_created", "created_at", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200), default="")
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    release_id: Mapped[int | None] = mapped_column(ForeignKey("release.id"))
    source_batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("batch.id"))
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    open_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    case: Mapped[Case | None] = relationship(foreign_keys=[case_id])
    release: Mapped[Release | None] = relationship()
    requested_by: Mapped[User] = relationship()
