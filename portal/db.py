"""The database: one SQLAlchemy object, how it connects, and the two column types that we add."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, event, make_url
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql import FromClause

BUSY_TIMEOUT_S = 10
TRIES, PAUSE_S = 3, 0.5
POSTGRES_DISK_FULL = "53100"

P = ParamSpec("P")
T = TypeVar("T")


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can change it on either database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment, on SQLite (which forgets zones) as on PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class HintingCompiler(SQLiteCompiler):
    """Writes the hint of a query behind its table (`INDEXED BY …`); SQLAlchemy leaves it out for SQLite."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()


def connect(app: Flask) -> None:
    """Bind the app's database. SQLite gets WAL, full sync and foreign keys."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(app.config["MIGRATIONS_DIR"]), render_as_batch=True)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)


def engine_options(url: str, threads: int) -> dict[str, Any]:
    """No wait without an end: for a connection, a silent server, a lock. What the URL itself says counts.

    threads  of the web process, each of which may hold a connection; what is not needed is not opened
    """
    if url.startswith("sqlite"):
        return {"pool_size": threads, "connect_args": {"timeout": BUSY_TIMEOUT_S}}
    waits = {
        "connect_timeout": BUSY_TIMEOUT_S,
        "keepalives_idle": BUSY_TIMEOUT_S,
        "tcp_user_timeout": 1000 * BUSY_TIMEOUT_S,
        "options": f"-c lock_timeout={BUSY_TIMEOUT_S}s",
    }
    given = make_url(url).query
    waits = {name: value for name, value in waits.items() if name not in given}
    return {
        "pool_size": threads,
        "pool_pre_ping": True,
        "pool_timeout": BUSY_TIMEOUT_S,
        "connect_args": waits,
    }


def _prepare_sqlite(engine: Engine) -> None:
    engine.dialect.statement_compiler = HintingCompiler

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions: `begin` below does
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("is_change") else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """One change: commits on leaving, rolls everything back on an error.

    Ends whatever the page was reading first. On SQLite the write lock is taken at the start: a transaction
    that begins as a reader and writes later can fail at once with "database is locked".
    """
    session = db.session()
    session.rollback()
    session.connection(execution_options={"is_change": True})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def is_out_of_space(error: OperationalError) -> bool:
    """Whether the database failed because it has no room to write."""
    of_sqlite, of_postgres = (getattr(error.orig, name, None) for name in ("sqlite_errorcode", "sqlstate"))
    return of_sqlite == sqlite3.SQLITE_FULL or of_postgres == POSTGRES_DISK_FULL


def tried_again(action: Callable[P, T]) -> Callable[P, T]:
    """An action that starts anew when the database gave it up: a deadlock, no lock in time, no connection.

    Only for actions that can be done twice: when the connection is lost, the first may have been committed.
    """

    @wraps(action)
    def persistent(*given: P.args, **named: P.kwargs) -> T:
        for attempt in range(1, TRIES):
            try:
                return action(*given, **named)
            except OperationalError:
                time.sleep(PAUSE_S * attempt)
        return action(*given, **named)

    return persistent
