"""Bring the database to the newest schema: `./run migrate`."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import inspect

from portal.commands.failures import failures_in_words
from portal.core import create_core
from portal.db import db
from portal.errors import GreenstickError
from portal.settings import Settings


def apply_migrations(app: Flask) -> None:
    """Apply what is missing; two at once on one home wait for each other.

    Raises GreenstickError where the home's files have lost their database.
    """
    settings: Settings = app.extensions["greenstick.settings"]
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with _one_at_a_time(settings), app.app_context():
        _refuse_files_without_database(settings)
        upgrade()


@contextmanager
def _one_at_a_time(settings: Settings) -> Iterator[None]:
    with (settings.home / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_files_without_database(settings: Settings) -> None:
    """A backup restored without its database would seem to have lost every case."""
    if any(settings.files_dir.glob("*/*")) and not inspect(db.engine).has_table("alembic_version"):
        raise GreenstickError(
            f"There are images in {settings.files_dir}, but the database is empty. Restore the database that "
            "belongs to them (SQLite: as portal.db beside files), or choose another home: ./run --home DIR"
        )


def main(arguments: list[str] | None = None) -> None:
    argparse.ArgumentParser(prog="./run migrate", description=__doc__).parse_args(arguments)
    os.umask(0o077)
    with failures_in_words():
        apply_migrations(create_core())
    print("The database is up to date.")


if __name__ == "__main__":
    main()
