"""Column shorthands shared by the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint


def utc_now() -> datetime:
    """When something was noted, for display and sorting; leases use the database's clock instead."""
    return datetime.now(UTC)


def one_of(column: str, values: Sequence[str], name: str | None = None) -> CheckConstraint:
    """The database refuses any other value of `column` too."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"known_{column}")
