"""What a person set for the worklist: its columns, and selections kept under a name."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Preference(Base):
    """At most one of each person; who set nothing has none."""

    __tablename__ = "preference"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    worklist_columns: Mapped[list[str]] = mapped_column(JSON)


class SavedFilter(Base):
    """`chosen`: the worklist's filters as they stand in its address, never a search."""

    __tablename__ = "saved_filter"
    __table_args__ = (Index("ix_saved_filter_name", "user_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(String(40))
    chosen: Mapped[dict[str, str]] = mapped_column(JSON)
