"""A case that nobody can read just now promises no time, and says why it waits."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from portal.actions import jobs, workers
from portal.clock import database_now
from portal.db import transaction
from portal.models import Worker
from portal.queries.health import SEEN_WITHIN
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import text_of

REFUSES = "release release-1: the self-test failed."


def sign(kind: str = "inference", condition: str = "ready") -> None:
    workers.seen(workers.Sign(f"{kind}-{condition[:20]}", kind, "cpu", condition, condition == "ready"))


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        (["ready"], "This case is next. About 5 s."),
        ([], "This case is next. No worker reads images at the moment; the dashboard says why."),
        (["no GPU answers."], "No worker reads images at the moment; the dashboard says why."),
        ([REFUSES], "No worker can read with release-1 at the moment; the dashboard says why."),
        ([REFUSES, "ready"], "About 5 s."),
        (["release release-2: the self-test failed."], "About 5 s."),
    ],
)
def test_no_time_is_promised_where_no_worker_can_read(
    each_app: Flask, eva: Person, conditions: list[str], told: str
) -> None:
    with each_app.app_context():
        case_id = rows.ready_case().id
        for condition in conditions:
            sign(condition=condition)
    page = text_of(eva, f"/cases/{case_id}")
    assert told in page
    assert ("About" in page) == ("About" in told)


def test_a_worker_that_is_silent_reads_nothing(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case_id = rows.ready_case().id
        sign()
        with transaction() as session:
            session.execute(update(Worker).values(seen_at=database_now(session) - SEEN_WITHIN * 2))
    assert "No worker reads images" in text_of(as_reader, f"/cases/{case_id}")


def test_a_case_that_is_being_read_is_not_said_to_stand_still(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case_id = rows.ready_case().id
        jobs.claim_jobs(1, rows.TERMS)
    page = text_of(as_reader, f"/cases/{case_id}")
    assert "Being read" in page
    assert "No worker" not in page


def test_an_image_that_is_not_opened_says_what_is_missing(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        path = f"/cases/{rows.new_case().id}"
        sign()
    assert "No release is active: it is read as soon as there is one." in text_of(as_reader, path)
    with app.app_context():
        rows.new_release()
    assert "No worker opens images at the moment; the dashboard says why." in text_of(as_reader, path)
    with app.app_context():
        sign("intake")
    assert "About 5 s." in text_of(as_reader, path)
