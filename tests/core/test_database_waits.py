"""How long the portal waits for a database."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError

from portal.core import create_core
from portal.db import BUSY_TIMEOUT_S, db, engine_options, transaction
from portal.models import Case
from portal.settings import Settings
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


def test_each_thread_of_the_web_process_finds_a_connection(each_settings: Settings) -> None:
    app = create_core(replace(each_settings, web_threads=20))
    with app.app_context(), ExitStack() as at_once:
        at_once.callback(db.engine.dispose)
        for _ in range(20):
            at_once.enter_context(db.engine.connect()).execute(text("SELECT 1"))


def test_what_the_url_says_counts() -> None:
    said = "postgresql+psycopg://host/name?connect_timeout=3&options=-c%20lock_timeout%3D1s"
    assert engine_options(said, threads=8)["connect_args"].keys() == {"keepalives_idle", "tcp_user_timeout"}
