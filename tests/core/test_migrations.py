"""Migrations: their end is what the models say, on both databases, and each can be taken back."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from portal.actions.events import SYSTEM, note
from portal.db import db, transaction

AT_ONCE = {
    "postgresql": "TRUNCATE event",
    "sqlite": "INSERT OR REPLACE INTO event (id, at, action, subject, subject_id, address, detail) "
    "VALUES (1, '2026-01-01', 'other', 'case', '1', '', '{}')",
}
"""What changes rows without being an UPDATE or a DELETE."""


def test_migrated_schema_equals_the_models(each_app: Flask) -> None:
    with each_app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_migrations_can_be_taken_back_and_applied_again(each_app: Flask) -> None:
    with each_app.app_context():
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        assert "finding" in inspect(db.engine).get_table_names()


@pytest.mark.parametrize("change", ["UPDATE event SET action = 'other'", "DELETE FROM event", "at once"])
def test_audit_trail_cannot_be_rewritten(each_app: Flask, change: str) -> None:
    with each_app.app_context():
        note(SYSTEM, "case.viewed", "case", "1")
        if change == "at once":
            change = AT_ONCE[db.engine.dialect.name]
        with pytest.raises(DatabaseError, match="append-only"), transaction() as session:
            session.execute(text(change))
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT action FROM event")).scalars().all() == ["case.viewed"]
