"""The page on which what was said of a case is corrected."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.actions.cases import CaseForm
from portal.actions.corrections import correct_case
from portal.actions.events import Actor
from portal.actions.images import Decoded, accept, claim_images
from portal.db import db, transaction
from portal.file_patient import digest_of
from portal.models import Case, Correction, Event, Release
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person, new_person, signed_in
from tests.pages.answers import json_of, text_of

SAID = {"patient_ref": "P-1", "accession": "", "body_part": "hand", "notes": "", "priority": "routine"}
VERSION = re.compile(r'name="version"[^>]*value="([^"]*)"')
CARD = {"name": "limbs", "body_parts": ["hand", "leg", "hip"], "training_data": {"name": "FracAtlas"}}


@pytest.fixture
def case_id(each_app: Flask) -> uuid.UUID:
    with each_app.app_context():
        return rows.read_case().id


def send(person: Person, case_id: uuid.UUID, version: str | None = None, **said: str) -> TestResponse:
    """The page opened and sent; with a `version`, one that was opened before."""
    address = f"/cases/{case_id}/correct"
    found = VERSION.search(person.get(address).text)
    assert found
    return person.post(address, SAID | {"version": version or found.group(1)} | said)


def correct(app: Flask, case_id: uuid.UUID, **said: Any) -> None:
    """Someone else did."""
    with app.app_context():
        version = db.session.get_one(Case, case_id).version
        correct_case(case_id, CaseForm(**(SAID | said)), version, Actor(rows.new_user().id))


def value_of(page: str, name: str) -> str:
    if name == "notes":
        return re.findall(r'<textarea[^>]*name="notes"[^>]*>\s*([^<]*)</textarea>', page)[0]
    if name == "priority":
        return re.findall(r'<input[^>]*checked[^>]*name="priority"[^>]*value="(\w+)"', page)[0]
    return re.findall(rf'name="{name}"[^>]*value="([^"]*)"', page)[0]


def test_the_case_leads_to_a_form_with_what_was_said(eva: Person, case_id: uuid.UUID) -> None:
    page = eva.get(f"/cases/{case_id}?show=all&part=hand").text
    [link] = re.findall(r'href="([^"]+)">Correct the details…', page)
    form = eva.get(link.replace("&amp;", "&")).text
    assert {name: value_of(form, name) for name in SAID} == SAID
    assert "part=hand" in link, "one goes on reading in the same list"


def test_a_correction_is_told_and_the_case_says_it(
    each_app: Flask, as_: Person, case_id: uuid.UUID, doorbell: RecordingDoorbell
) -> None:
    answer = send(as_, case_id, patient_ref="P-2", notes="fell <from> a horse", priority="urgent")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/cases/{case_id}"
    page = as_.get(answer.headers["Location"]).text
    assert "Corrected: patient reference, notes, priority." in page
    assert "<h1>P-2</h1>" in page
    assert "fell &lt;from&gt; a horse" in page
    assert "was “P-1”" in page
    assert "was empty" in page
    assert doorbell.rung == ["intake"]


@pytest.fixture(params=["radiographer", "reader", "admin"])
def as_(request: pytest.FixtureRequest, each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, request.param))


def test_the_story_tells_which_details_and_not_what_they_said(eva: Person, case_id: uuid.UUID) -> None:
    send(eva, case_id, patient_ref="P-2", body_part="wrist")
    page = eva.get(f"/cases/{case_id}/live").text
    story = page[page.index('id="story-title"') : page.index('id="corrections-title"')]
    assert "Corrected: patient reference, body part" in story
    assert "eva" in story
    assert "P-1" not in story
    assert "P-2" not in story


def test_no_patient_stands_in_an_address_a_title_an_event_or_an_error(
    each_app: Flask, eva: Person, tom: Person, case_id: uuid.UUID
) -> None:
    answer = send(eva, case_id, patient_ref="CANARY-1", notes="CANARY-2")
    assert "CANARY" not in answer.headers["Location"]
    assert "CANARY" not in str(eva.client.get_cookie("greenstick"))
    assert "CANARY" not in eva.get(f"/cases/{case_id}/correct").text.split("</title>")[0]
    assert "CANARY" not in tom.get("/events").text
    lost = eva.client.post(f"/cases/{case_id}/correct", data=SAID | {"notes": "CANARY-3"})
    assert lost.status_code == 400, "no token"
    assert "CANARY" not in lost.text


def test_who_sees_the_form_is_in_the_audit_trail(each_app: Flask, eva: Person, case_id: uuid.UUID) -> None:
    eva.get(f"/cases/{case_id}/correct")
    with each_app.app_context():
        trail = db.session.scalars(select(Event.action).where(Event.user_id == eva.user_id)).all()
    assert trail == ["case.viewed"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("patient_ref", " ", "Enter the patient reference."),
        ("patient_ref", "x" * 65, "Use at most 64 characters; these are 65."),
        ("accession", "A\x071", "Remove the control characters"),
        ("body_part", "x" * 41, "Use at most 40 characters; these are 41."),
        ("notes", "x" * 2001, "Use at most 2000 characters"),
        ("priority", "at once", "Not a valid choice"),
    ],
)
def test_what_the_upload_form_refuses_is_refused_here(
    app: Flask, as_reader: Person, field: str, value: str, words: str
) -> None:
    with app.app_context():
        case_id = rows.read_case().id
    page = send(as_reader, case_id, **{"notes": "worth keeping", field: value})
    assert page.status_code == 422
    assert words in page.text
    assert "The details were not saved" in page.text
    assert f'id="{field}-error" data-error-slot="{field}">' in page.text
    assert field == "notes" or "worth keeping" in page.text
    with app.app_context():
        assert db.session.get_one(Case, case_id).version == 0


def test_who_comes_second_sees_what_is_there_and_keeps_what_they_typed(
    each_app: Flask, eva: Person, case_id: uuid.UUID
) -> None:
    correct(each_app, case_id, patient_ref="P-2", notes="fell")
    answer = send(eva, case_id, version="0", patient_ref="P-3", body_part="wrist")
    assert answer.status_code == 409
    assert "Someone else changed these details since you opened the page" in answer.text
    assert "Changed meanwhile: patient reference, notes." in answer.text
    typed = {"patient_ref": "P-3", "body_part": "wrist"}
    assert {name: value_of(answer.text, name) for name in SAID} == SAID | {"notes": "fell"} | typed
    assert "Patient reference is now “P-2”. Keep what you typed, or take that." in answer.text
    assert "Body part is now" not in answer.text, "nobody else changed it"
    assert "Notes is now" not in answer.text, "they typed no notes"
    assert value_of(answer.text, "version") == "1"
    with each_app.app_context():
        assert db.session.get_one(Case, case_id).patient_ref == "P-2"
    assert send(eva, case_id, patient_ref="P-3", body_part="wrist", notes="fell").status_code == 303
    assert "<h1>P-3</h1>" in eva.get(f"/cases/{case_id}").text


def test_the_same_form_sent_twice_is_told_as_done(each_app: Flask, eva: Person, case_id: uuid.UUID) -> None:
    for _ in range(2):
        answer = send(eva, case_id, version="0", patient_ref="P-2")
        assert answer.status_code == 303
    assert "nothing was changed" in eva.get(f"/cases/{case_id}").text
    with each_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Correction)) == 1


def test_a_script_sends_only_what_is_to_be_changed(each_app: Flask, eva: Person, case_id: uuid.UUID) -> None:
    correct(each_app, case_id, priority="urgent", notes="fell")
    answer = eva.post(f"/cases/{case_id}/correct", {"version": "1", "body_part": "wrist"})
    assert answer.status_code == 303
    with each_app.app_context():
        case = db.session.get_one(Case, case_id)
        assert (case.patient_ref, case.body_part, case.notes, case.priority) == (
            "P-1",
            "wrist",
            "fell",
            "urgent",
        )


@pytest.mark.parametrize("version", ["", "-1", "one", "9" * 40])
def test_a_form_that_does_not_say_what_it_saw_is_not_taken(
    app: Flask, as_reader: Person, version: str
) -> None:
    with app.app_context():
        case_id = rows.read_case().id
    answer = as_reader.post(f"/cases/{case_id}/correct", SAID | {"version": version, "patient_ref": "P-9"})
    assert answer.status_code == 409
    assert value_of(answer.text, "patient_ref") == "P-9"


def test_cautions_follow_the_body_part(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        with transaction() as session:
            session.add(Release(name="limbs", weights_sha256="c" * 64, card=CARD, state="active"))
        case_id = rows.read_case(body_part="hand").id
    assert "is not known" not in text_of(eva, f"/cases/{case_id}")
    send(eva, case_id, body_part="hip")
    assert "How well this release reads “hip” is not known" in text_of(eva, f"/cases/{case_id}")
    send(eva, case_id, body_part="left leg")
    [image] = json_of(eva.get(f"/cases/{case_id}.json"))["images"]
    assert image["cautions"] == []


def test_a_file_is_said_to_be_compared_again_until_it_was(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        rows.new_release()
        case_id = rows.new_case().id
        (claim,) = claim_images(1, rows.TERMS)
        accept(claim, Decoded(rows.DECODED, digest_of("PID-777")))
        rows.read_all()
    assert "names another patient" in text_of(eva, f"/cases/{case_id}")
    send(eva, case_id, patient_ref="PID-777")
    page = eva.get(f"/cases/{case_id}").text
    assert "names another patient" not in page
    assert "it is being opened again" in page
    assert 'data-is-done="false"' in page, "the page shows the answer by itself"


def test_a_case_that_is_not_there_is_not_found(as_reader: Person) -> None:
    address = f"/cases/{uuid.uuid4()}/correct"
    assert as_reader.get(address).status_code == 404
    assert as_reader.post(address, SAID).status_code == 404


def test_a_stranger_corrects_nothing(app: Flask, visitor: Person) -> None:
    with app.app_context():
        case_id = rows.read_case().id
    assert visitor.get(f"/cases/{case_id}/correct").status_code == 302
    assert visitor.post(f"/cases/{case_id}/correct", SAID | {"patient_ref": "P-9"}).status_code == 401
    with app.app_context():
        assert db.session.get_one(Case, case_id).patient_ref == "P-1"
