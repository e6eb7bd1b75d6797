"""A correction: what a case said before someone changed its details. Append-only."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.accounts import User
from portal.models.columns import utc_now


class Correction(Base):
    """`before` has the old value of each field that was changed, by its name on the case.

    These are patient data: they are shown where the case is, and stand in no event, log or address.

    `version`  of the case before it
    """

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case.id"))
    corrected_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    version: Mapped[int]
    before: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    corrected_by: Mapped[User] = relationship()
