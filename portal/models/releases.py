"""A release: one published model, whose card says how it was made and judged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, UtcDateTime
from portal.models.columns import one_of, utc_now

RELEASE_STATES = ("available", "active", "retired")


class Release(Base):
    """Its files lie in the home folder under `releases/<name>`. At most one release is active."""

    __tablename__ = "release"
    __table_args__ = (
        one_of("state", RELEASE_STATES),
        Index("ix_release_active", "state", unique=True, sqlite_where=text("state = 'active'"),
              postgresql_where=text("state = 'active'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    weights_sha256: Mapped[str] = mapped_column(String(64))
    card: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="available")
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
