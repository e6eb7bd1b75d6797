"""A review: what a human says about a case. Append-only; of each reader the newest counts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.accounts import User
from portal.models.columns import utc_now

WORDS: dict[bool | None, str] = {True: "yes", False: "no", None: "unsure"}


class Review(Base):
    """`regions` are places that the reader marked: image (from 1), x, y, width, height in decoded pixels."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    is_fracture: Mapped[bool | None]
    """Null: the reader said to be unsure. Every review answers; no answer is not a review."""
    agrees: Mapped[bool]
    """Means nothing where there was no reading: the event `case.reviewed` names the findings there were."""
    comment: Mapped[str] = mapped_column(Text, default="")
    regions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    asks_second: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)

    reviewer: Mapped[User] = relationship()

    @property
    def fracture(self) -> str:
        """yes, no or unsure."""
        return WORDS[self.is_fracture]
