"""How long the portal waits for a database."""

from __future__ import annotations

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from portal.db import BUSY_TIMEOUT_S, engine_options, transaction
from portal.models import Case
from tests.fixtures.rows import new_case


def test_lock_that_another_transaction_holds_is_not_waited_for_without_end(each_app: Flask) -> None:
    with each_app.app_context():
        change = update(Case).where(Case.id == new_case().id).values(notes="")
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with each_app.app_context(), transaction() as session:
            session.execute(change)
            is_held.set()
            may_go.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait(10)
    started = time.monotonic()
    try:
        with each_app.app_context(), pytest.raises(OperationalError), transaction() as session:
            session.execute(change)
    finally:
        may_go.set()
        holder.join()
    assert time.monotonic() - started < 3 * BUSY_TIMEOUT_S


def test_what_the_url_says_counts() -> None:
    said = "postgresql+psycopg://host/name?connect_timeout=3&options=-c%20lock_timeout%3D1s"
    assert engine_options(said)["connect_args"].keys() == {"keepalives_idle", "tcp_user_timeout"}
