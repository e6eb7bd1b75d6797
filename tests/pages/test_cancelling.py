"""Cancelling a batch: what is open, and only that; the page and the answer count alike."""

from __future__ import annotations

import uuid

from flask import Flask
from sqlalchemy import select

from portal.actions import images, jobs
from portal.actions.events import Actor
from portal.actions.withdrawals import withdraw_case
from portal.db import db
from portal.models import Batch, Case, Event
from tests.fixtures import rows
from tests.fixtures.people import Person

ENDED = "The batch had ended: nothing was cancelled."


def upload_of(case: Case) -> uuid.UUID:
    return db.session.scalars(select(Batch.id).where(Batch.case_id == case.id)).one()


def cancel(person: Person, batch_id: uuid.UUID) -> str:
    """The page that the answer leads to."""
    return person.get(person.post(f"/batches/{batch_id}/cancel").headers["Location"]).text


def test_a_batch_that_ended_stays_done(each_app: Flask, tom: Person) -> None:
    with each_app.app_context():
        batch_id = upload_of(rows.read_case())
    page = cancel(tom, batch_id)
    assert ENDED in page
    assert ">Done</span>" in page
    assert ">Cancelled</" not in page
    with each_app.app_context():
        assert db.session.get_one(Batch, batch_id).cancelled_at is None
        assert db.session.scalars(select(Event).where(Event.action == "batch.cancelled")).all() == []


def test_images_not_opened_yet_count_like_readings_that_wait(each_app: Flask, tom: Person) -> None:
    with each_app.app_context():
        rows.new_release()
        batch_id = upload_of(rows.new_case(images_count=4))
        claims = images.claim_images(2, rows.TERMS)
        images.accept(claims[0], images.Decoded(rows.DECODED))
        images.refuse(claims[1], "empty", "The file is empty.")
    assert "3 readings not ended yet will not be done" in tom.get(f"/batches/{batch_id}").text
    page = cancel(tom, batch_id)
    assert "The batch was cancelled: 3 readings will not be done." in page
    assert ">Cancelled</span>" in page


def test_cancelling_twice_is_told_once(each_app: Flask, tom: Person) -> None:
    with each_app.app_context():
        batch_id = upload_of(rows.ready_case())
    cancel(tom, batch_id)
    with each_app.app_context():
        first = db.session.get_one(Batch, batch_id).cancelled_at
    assert ENDED in cancel(tom, batch_id)
    with each_app.app_context():
        assert first
        assert db.session.get_one(Batch, batch_id).cancelled_at == first
        events = db.session.scalars(select(Event).where(Event.action == "batch.cancelled"))
        assert len(events.all()) == 1


def test_what_waits_for_a_withdrawn_case_counts_when_nothing_else_is_left(
    each_app: Flask, tom: Person
) -> None:
    with each_app.app_context():
        case = rows.ready_case(images_count=2)
        batch_id = upload_of(case)
        withdraw_case(case.id, "wrong patient", "", Actor(rows.new_user().id))
    page = cancel(tom, batch_id)
    assert "The batch was cancelled: 2 readings will not be done." in page
    assert ">Cancelled</span>" in page


def test_the_offer_to_cancel_goes_with_the_last_reading(app: Flask, as_admin: Person) -> None:
    with app.app_context():
        batch_id = upload_of(rows.ready_case())
    live = f"/batches/{batch_id}/live"
    assert "Yes, cancel the batch" in as_admin.get(live).text
    assert "csrf_token" not in as_admin.get(live).text, "it would look new at each refresh"
    with app.app_context():
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.finish([jobs.Result(claim, rows.finding())])
    assert "Yes, cancel the batch" not in as_admin.get(live).text
