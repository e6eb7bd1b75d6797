"""The database's clock: leases and deadlines are compared on it alone, whatever each machine believes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session


def database_now(session: Session | scoped_session[Any]) -> datetime:
    """UTC now, as the database sees it. SQLite has no clock but its host's."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)
