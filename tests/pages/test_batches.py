"""Batches: how far they are, reading again, cancelling."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import jobs
from portal.db import db
from portal.models import Batch, Event, Job, User
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person
from tests.pages.answers import text_of
from tests.pages.queries import counted_queries


@pytest.fixture
def batch_id(app: Flask) -> uuid.UUID:
    """The batch of an upload of three images, all read."""
    with app.app_context():
        case_id = rows.read_case(images_count=3).id
        return db.session.scalars(select(Batch.id).where(Batch.case_id == case_id)).one()


@pytest.fixture
def release_id(app: Flask, batch_id: uuid.UUID) -> int:
    with app.app_context():
        return rows.new_release("release-2", "available").id


def rerun(
    person: Person, batch_id: uuid.UUID, release_id: int, changes: dict[str, str] | None = None
) -> tuple[int, str]:
    fields = {"release_id": str(release_id), "reason": "a better release"} | (changes or {})
    answer = person.post(f"/batches/{batch_id}/rerun", fields)
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def test_an_upload_counts_what_is_opened_read_and_refused(app: Flask, as_reader: Person) -> None:
    refused = rows.received_file(kind="", refusal_code="empty", refusal_reason="The file is empty.")
    with app.app_context():
        case_id = rows.new_case(files=[rows.received_file(), rows.received_file(), refused]).id
        batch_id = db.session.scalars(select(Batch.id).where(Batch.case_id == case_id)).one()
    page = as_reader.get(f"/batches/{batch_id}").text
    assert "<strong>2</strong> to be opened" in page
    assert "<strong>1</strong> refused" in page
    assert 'value="1" max="3"' in page
    assert 'data-is-done="false"' in page
    with app.app_context():
        rows.ready_case()
        (claim, *_) = jobs.claim_jobs(1, rows.TERMS)
        jobs.finish([jobs.Result(claim, rows.finding())])
    page = as_reader.get(f"/batches/{batch_id}").text
    assert "<strong>1</strong> waiting" in page
    assert "<strong>1</strong> read" in page
    assert 'value="2" max="3"' in page


def test_the_live_part_is_the_same_fragment_and_says_when_it_is_done(
    as_reader: Person, batch_id: uuid.UUID
) -> None:
    live = as_reader.get(f"/batches/{batch_id}/live").text.strip()
    assert 'data-is-done="true"' in live
    assert live in as_reader.get(f"/batches/{batch_id}").text


def test_an_admin_reads_a_batch_again_with_a_release(
    app: Flask, as_admin: Person, batch_id: uuid.UUID, release_id: int, doorbell: RecordingDoorbell
) -> None:
    status, address = rerun(as_admin, batch_id, release_id)
    assert status == 303
    assert doorbell.rung == ["inference"]
    page = as_admin.get(address).text
    assert "a better release" in page
    assert "release-2" in page
    assert "<strong>3</strong> waiting" in page
    with app.app_context():
        assert len(db.session.scalars(select(Job)).all()) == 6, "three new jobs beside the three old ones"
        event = db.session.scalars(select(Event).where(Event.action == "batch.rerun")).one()
        assert event.user_id == as_admin.user_id


def test_the_same_rerun_twice_leads_to_the_running_one(
    as_admin: Person, batch_id: uuid.UUID, release_id: int
) -> None:
    _, address = rerun(as_admin, batch_id, release_id)
    status, page = rerun(as_admin, batch_id, release_id)
    assert status == 409
    assert "already under way" in page
    assert f'href="{address}"' in page


@pytest.mark.parametrize(
    "changes", [{"release_id": "999"}, {"release_id": ""}, {"reason": ""}, {"release_id": "x"}]
)
def test_a_rerun_needs_a_release_and_a_reason(
    app: Flask, as_admin: Person, batch_id: uuid.UUID, release_id: int, changes: dict[str, str]
) -> None:
    status, page = rerun(as_admin, batch_id, release_id, changes)
    assert status == 422
    assert "Please check this" in page
    with app.app_context():
        assert len(db.session.scalars(select(Batch)).all()) == 1


def test_a_retired_release_is_not_offered(app: Flask, as_admin: Person, batch_id: uuid.UUID) -> None:
    with app.app_context():
        retired = rows.new_release("release-0", "retired").id
    assert "release-0" not in as_admin.get(f"/batches/{batch_id}").text
    assert rerun(as_admin, batch_id, retired)[0] == 422


def test_a_reader_is_offered_neither_rerun_nor_cancel(as_reader: Person, batch_id: uuid.UUID) -> None:
    page = as_reader.get(f"/batches/{batch_id}").text
    assert "/rerun" not in page
    assert "/cancel" not in page


def test_cancelling_stops_what_is_open_and_keeps_what_was_read(
    app: Flask, as_admin: Person, batch_id: uuid.UUID, release_id: int
) -> None:
    _, address = rerun(as_admin, batch_id, release_id)
    with app.app_context():
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.finish([jobs.Result(claim, rows.finding())])
    assert "2 readings not ended yet will not be done" in as_admin.get(address).text
    as_admin.post(f"{address}/cancel")
    page = as_admin.get(address).text
    assert "2 readings will not be done" in page
    assert "<strong>2</strong> cancelled" in page
    assert "<strong>1</strong> read" in page
    assert "Cancel this batch" not in page


def test_a_selection_of_the_history_is_counted_before_it_is_read_again(
    app: Flask, as_admin: Person, batch_id: uuid.UUID, release_id: int
) -> None:
    with app.app_context():
        rows.read_case(answer=rows.finding(0.1, "no fracture"))
    page = as_admin.get("/history/rerun?verdict=fracture").text
    assert "<strong>1 case</strong> with <strong>3 images</strong>" in page
    action = re.findall(r'action="(/history/rerun[^"]*)"', page)[0]
    fields = {"release_id": str(release_id), "reason": "newer"}
    first = as_admin.post(action, fields)
    assert first.status_code == 303
    assert "<strong>3</strong> waiting" in as_admin.get(first.headers["Location"]).text


def test_a_selection_by_search_is_limited_to_it(
    app: Flask, as_admin: Person, batch_id: uuid.UUID, release_id: int
) -> None:
    with app.app_context():
        rows.read_case(patient_ref="Q-1")
    address = as_admin.post("/history/search", {"text": "q-"}).headers["Location"]
    page = as_admin.get(address.replace("/history", "/history/rerun")).text
    assert "<strong>1 case</strong> with <strong>1 image</strong>" in page
    assert "accession number begins with <strong>q-</strong>" in page
    assert "these are all cases" not in page


def test_the_filters_in_force_are_named_before_a_selection_is_read_again(
    as_admin: Person, batch_id: uuid.UUID
) -> None:
    query = f"from=2026-01-02&part=hand&review=open&uploader={as_admin.user_id}&sort=oldest&batch={batch_id}"
    page = text_of(as_admin, f"/history/rerun?{query}")
    with as_admin.client.application.app_context():
        name = db.session.get_one(User, as_admin.user_id).username
    assert f"From 2026-01-02 Body part hand Review open Uploaded by {name} Only cases of one batch" in page
    assert "Oldest" not in page
    for everything in ("", "?sort=oldest"):
        assert "No filter is set: these are all cases." in text_of(as_admin, f"/history/rerun{everything}")


def test_the_same_selection_read_twice_leads_to_the_running_one(
    as_admin: Person, batch_id: uuid.UUID, release_id: int
) -> None:
    fields = {"release_id": str(release_id), "reason": "newer", "part": "hand"}
    first = as_admin.post("/history/rerun", fields)
    second = as_admin.post("/history/rerun", fields)
    assert (first.status_code, second.status_code) == (303, 409)
    assert first.headers["Location"] in second.text


def test_a_selection_with_nothing_to_read_starts_nothing(as_admin: Person, release_id: int) -> None:
    fields = {"release_id": str(release_id), "reason": "newer"}
    page = as_admin.get("/history/rerun?part=skull").text
    assert "There is nothing to re-run." in page
    assert 'name="reason"' not in page
    answer = as_admin.post("/history/rerun?part=skull", fields)
    assert answer.status_code == 400
    assert "Nothing to re-run" in answer.text


def test_the_list_shows_kinds_apart(as_admin: Person, batch_id: uuid.UUID, release_id: int) -> None:
    rerun(as_admin, batch_id, release_id)
    assert "Re-run" in as_admin.get("/batches?kind=rerun").text
    assert "Upload of P-1" not in as_admin.get("/batches?kind=rerun").text
    assert "a better release" not in as_admin.get("/batches?kind=upload").text


def test_the_number_of_queries_does_not_grow_with_the_list(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.read_case()
    with counted_queries(app) as for_one:
        as_reader.get("/batches")
    with app.app_context():
        for _ in range(10):
            rows.read_case(images_count=2)
    with counted_queries(app) as for_many:
        as_reader.get("/batches")
    assert len(for_many) == len(for_one)


def test_an_unknown_batch_is_not_found(as_admin: Person, release_id: int) -> None:
    unknown = uuid.uuid4()
    for path in (f"/batches/{unknown}", f"/batches/{unknown}/live"):
        assert as_admin.get(path).status_code == 404
    assert rerun(as_admin, unknown, release_id)[0] == 404
    assert as_admin.post(f"/batches/{unknown}/cancel").status_code == 404
