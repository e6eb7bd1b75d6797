"""An image: one radiograph file of a case, kept by its SHA-256."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.cases import Case
from portal.models.claims import Claimable
from portal.models.columns import one_of, utc_now

IMAGE_STATES = ("received", "ready", "refused")


class Image(Claimable, Base):
    """`received → ready | refused`. `rank` is the case's priority (0 urgent, 1 routine), for the queue.

    `array_sha256` and `preview_sha256` name the decoded files; grey values `window_low…window_high` of the
    array are shown black…white. `is_to_compare`: the patient reference was corrected, and the file is to be
    opened once more to tell whether it names that patient.
    """

    __tablename__ = "image"
    __table_args__ = (
        one_of("state", IMAGE_STATES),
        Index("ix_image_case", "case_id", "position", unique=True),
        Index("ix_image_due", "rank", "received_at", sqlite_where=text("state = 'received'"),
              postgresql_where=text("state = 'received'")),
        Index("ix_image_sha256", "sha256"),
        Index("ix_image_to_compare", "received_at", sqlite_where=text("is_to_compare"),
              postgresql_where=text("is_to_compare")),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10), default="")
    rank: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    state: Mapped[str] = mapped_column(String(10), default="received")
    refusal_code: Mapped[str | None] = mapped_column(String(40))
    refusal_reason: Mapped[str | None] = mapped_column(String(300))
    array_sha256: Mapped[str | None] = mapped_column(String(64))
    preview_sha256: Mapped[str | None] = mapped_column(String(64))
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    source_width_px: Mapped[int | None]
    source_height_px: Mapped[int | None]
    bit_depth: Mapped[int | None]
    window_low: Mapped[float | None]
    window_high: Mapped[float | None]
    tags: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    flags: Mapped[list[Any]] = mapped_column(JSON, default=list)
    is_to_compare: Mapped[bool] = mapped_column(default=False, server_default=false())

    case: Mapped[Case] = relationship(back_populates="images")
