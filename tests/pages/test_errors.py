"""Failures become pages that say what happened and what to do."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from psycopg.errors import ConnectionTimeout, DiskFull
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from portal.db import db, is_out_of_space, transaction
from portal.models import User
from portal.web.access import public, requires
from tests.fixtures.people import Person, new_person, signed_in


@pytest.fixture
def broken(app: Flask) -> Flask:
    @requires("radiographer")
    def fail(name: str) -> str:
        raise RuntimeError(f"the patient is called {name}")

    @public
    def database_away() -> str:
        raise OperationalError("SELECT 1", {"name": "Meier"}, Exception("gone"))

    @public
    def database_full() -> str:
        with transaction() as session:
            session.execute(text("PRAGMA max_page_count = 1"))  # no more than it has
            session.execute(text("CREATE TABLE filler AS SELECT zeroblob(10000000)"))
        return "saved"

    @requires("admin")
    def half_saved(what: str) -> str:
        new_person(app, "reader", f"saved-before-{what}")
        return database_away() if what == "away" else database_full()

    app.add_url_rule("/half/<what>", "half", half_saved, methods=["POST"])
    app.add_url_rule("/broken/<name>", "broken", fail)
    app.add_url_rule("/full", "full", database_full)
    app.add_url_rule("/away", "away", database_away)
    return app


def test_an_unexpected_failure_is_told_plainly_and_logged_without_data(
    broken: Flask, as_reader: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        page = as_reader.get("/broken/Meier")
    assert page.status_code == 500
    assert "Something went wrong" in page.text
    assert "Meier" not in page.text
    assert "RuntimeError" in caplog.text
    assert "Meier" not in caplog.text


@pytest.mark.parametrize("number", [0, 2**31, 10**20])
def test_number_that_no_row_can_have_is_not_found(each_app: Flask, number: int) -> None:
    admin = signed_in(each_app, new_person(each_app, "admin"))
    assert admin.get(f"/releases/{number}").status_code == 404
    assert admin.get(f"/findings/{number}/heatmap").status_code == 404
    assert admin.post(f"/users/{number}/role", {"role": "admin"}).status_code == 404


def test_a_database_that_is_away_says_so(broken: Flask, as_reader: Person, visitor: Person) -> None:
    for person in (as_reader, visitor):
        page = person.get("/away")
        assert page.status_code == 503
        assert "The database does not answer. Try again in a minute." in page.text
        assert "saved" not in page.text
        assert "Meier" not in page.text


def test_a_database_without_room_says_so(broken: Flask, as_reader: Person) -> None:
    page = as_reader.get("/full")
    assert page.status_code == 507
    assert "disk is full. Ask an admin to free space." in page.text
    assert "saved" not in page.text


def test_a_form_whose_first_change_was_saved_before_the_database_failed_is_not_said_to_be_lost(
    broken: Flask, as_admin: Person
) -> None:
    for path, status in (("/half/away", 503), ("/half/full", 507)):
        page = as_admin.post(path)
        assert page.status_code == status
        assert "nothing was saved" not in page.text
        assert "It is not known whether what you sent was saved: look before you send it again." in page.text
    with broken.app_context():
        assert db.session.scalar(select(func.count()).where(User.username.startswith("saved-before-"))) == 2


def test_postgres_without_room_is_told_from_one_that_is_away() -> None:
    for error, is_full in ((DiskFull(), True), (ConnectionTimeout(), False)):
        assert is_out_of_space(OperationalError("SELECT 1", {}, error)) == is_full


def test_the_error_page_works_when_even_the_session_cannot_be_read(
    app: Flask, as_reader: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr("portal.web.access.db.session.scalars", gone)
    page = as_reader.get("/history")
    assert page.status_code == 503
    assert "The database does not answer" in page.text


def test_an_unknown_address_is_a_page_for_everyone(as_reader: Person, visitor: Person) -> None:
    for person in (as_reader, visitor):
        page = person.get("/no/such/page")
        assert page.status_code == 404
        assert "There is nothing at this address." in page.text


def test_the_wrong_method_is_told(as_reader: Person) -> None:
    assert as_reader.get("/logout").status_code == 405


def test_an_ended_session_is_told_to_the_live_part_without_a_redirect(visitor: Person) -> None:
    answer = visitor.get("/dashboard/live")
    assert answer.status_code == 401
    assert "Location" not in answer.headers
