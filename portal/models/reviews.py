"""A review: what a human says about a case. Append-only; the newest counts."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.accounts import User
from portal.models.columns import utc_now


class Review(Base):
    __tablename__ = "review"
    __table_args__ = (Index("ix_review_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    is_fracture: Mapped[bool]
    agrees: Mapped[bool]
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)

    reviewer: Mapped[User] = relationship()
