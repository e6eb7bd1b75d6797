"""A worker process that was seen: intake, inference or sweeper."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, UtcDateTime

WORKER_KINDS = ("intake", "inference", "sweeper")


class Worker(Base):
    """`condition` says in words what it is doing, or why it takes no work (a failed self-test)."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    device: Mapped[str] = mapped_column(String(40), default="")
    condition: Mapped[str] = mapped_column(String(200), default="ready")
    is_able: Mapped[bool] = mapped_column(default=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
