"""A withdrawal: who took a case back that was uploaded by mistake, when and why."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.accounts import User
from portal.models.columns import one_of, utc_now

REASON_WORDS = {
    "wrong patient": "uploaded for the wrong patient",
    "uploaded twice": "uploaded twice",
    "wrong images": "uploaded with the wrong images",
    "test": "uploaded as a test",
    "other": "for another reason",
}
"""As told of a case that was withdrawn; the form asks in sentences of its own."""
REASONS = tuple(REASON_WORDS)


class Withdrawal(Base):
    """It stands until someone restores the case; a case has at most one that stands.

    `note` is free text about a patient: it is shown where the case is, and stands in no event.
    """

    __tablename__ = "withdrawal"
    __table_args__ = (
        one_of("reason", REASONS),
        Index("ix_withdrawal_standing", "case_id", unique=True, sqlite_where=text("restored_at IS NULL"),
              postgresql_where=text("restored_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case.id"))
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    withdrawn_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    restored_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    withdrawn_by: Mapped[User] = relationship(foreign_keys=[withdrawn_by_id])

    def may_be_restored_by(self, user: User) -> bool:
        return self.withdrawn_by_id == user.id or user.may("admin")
