"""The promise to scripts: `GET /cases/<id>.json`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask

from portal.actions import jobs
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import json_of


def facts_of(person: Person, case_id: object) -> dict[str, Any]:
    answer = person.get(f"/cases/{case_id}.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    return json_of(answer)


def test_json_of_a_read_case_holds_what_was_promised(app: Flask, as_radiographer: Person) -> None:
    with app.app_context():
        case_id = rows.read_case(answer=rows.finding(0.873, "fracture")).id
    facts = facts_of(as_radiographer, case_id)
    assert facts["id"] == str(case_id)
    (image,) = facts["images"]
    assert (image["name"], image["state"], image["refusal"]) == ("hand.png", "ready", None)
    (finding,) = image["findings"]
    assert finding["state"] == "done"
    assert finding["probability"] == 0.873
    assert finding["verdict"] == "fracture"
    assert finding["boxes"] == [{"x": 10, "y": 20, "width": 30, "height": 40, "score": 0.8, "kind": "solid"}]
    assert finding["release"] == "release-1"
    finished_at = datetime.fromisoformat(finding["finished_at"])
    assert finished_at.utcoffset() == UTC.utcoffset(None)


def test_json_before_the_end_holds_nulls_and_no_default(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        queued, received = rows.ready_case().id, rows.new_case().id
    assert facts_of(as_reader, received)["images"][0]["findings"] == []
    (finding,) = facts_of(as_reader, queued)["images"][0]["findings"]
    assert finding["state"] == "queued"
    assert finding["probability"] is finding["verdict"] is finding["finished_at"] is None
    assert finding["boxes"] == []


def test_json_of_a_failed_job_says_failed_and_why(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case_id = rows.ready_case().id
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.fail(claim, "The stored image cannot be read.")
    (finding,) = facts_of(as_reader, case_id)["images"][0]["findings"]
    assert (finding["state"], finding["verdict"]) == ("failed", None)
    assert finding["problem"] == "The stored image cannot be read."


def test_json_of_a_refused_image_holds_code_and_reason(app: Flask, as_reader: Person) -> None:
    refused = rows.received_file(
        "x.pdf", kind="", refusal_code="unsupported_type", refusal_reason="Not read."
    )
    with app.app_context():
        case_id = rows.new_case(files=[rows.received_file("a.png"), refused]).id
    first, second = facts_of(as_reader, case_id)["images"]
    assert first["refusal"] is None
    assert second["state"] == "refused"
    assert second["refusal"] == {"code": "unsupported_type", "reason": "Not read."}


def test_json_keeps_upload_order(app: Flask, as_reader: Person) -> None:
    names = ["z.png", "a.png", "m.png"]
    with app.app_context():
        case_id = rows.new_case(files=[rows.received_file(name) for name in names]).id
    assert [image["name"] for image in facts_of(as_reader, case_id)["images"]] == names


def test_json_errors_are_json(as_reader: Person, visitor: Person) -> None:
    unknown = as_reader.get("/cases/00000000-0000-4000-8000-000000000000.json")
    assert (unknown.status_code, json_of(unknown)["error"]) == (404, "Not found")
    stranger = visitor.get("/cases/00000000-0000-4000-8000-000000000000.json")
    assert (stranger.status_code, json_of(stranger)["error"]) == (401, "Please sign in")
