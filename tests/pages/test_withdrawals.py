"""Withdrawing a case on its own page, and what the other pages then say of it."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.actions.events import Actor
from portal.actions.withdrawals import withdraw_case
from portal.db import db
from portal.models import Batch, Case, Event, Review
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person, new_person, signed_in
from tests.pages.answers import json_of, text_of

SAID = {"reason": "uploaded twice", "note": "CANARY: the same plate"}


@pytest.fixture
def case_id(each_app: Flask) -> uuid.UUID:
    with each_app.app_context():
        return rows.read_case(images_count=2).id


@pytest.fixture
def ann(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "radiographer", "ann"))


def withdraw(person: Person, case_id: uuid.UUID, **said: str) -> TestResponse:
    return person.post(f"/cases/{case_id}/withdraw", SAID | said)


def withdrawn(app: Flask, case_id: uuid.UUID) -> bool:
    with app.app_context():
        return db.session.get_one(Case, case_id).withdrawn_at is not None


def test_the_case_leads_to_a_page_that_asks_first(each_app: Flask, ann: Person, case_id: uuid.UUID) -> None:
    [link] = re.findall(r'href="([^"]+)">Withdraw…', ann.get(f"/cases/{case_id}?image=2&part=hand").text)
    page = text_of(ann, link.replace("&amp;", "&"))
    for words in ("P-1", "2 images, 0 reviews", "Nothing is deleted", "It was uploaded twice"):
        assert words in page
    assert "image=2" in link
    assert "part=hand" in link
    assert not withdrawn(each_app, case_id)


def test_its_page_says_so_and_shows_no_reading(
    each_app: Flask, ann: Person, eva: Person, case_id: uuid.UUID
) -> None:
    mark = '[{"image":1,"x":10,"y":12,"width":20,"height":24}]'
    eva.review(case_id, {"is_fracture": "yes", "agrees": "yes", "comment": "I see one.", "regions": mark})
    answer = withdraw(ann, case_id)
    assert answer.status_code == 303
    told = text_of(ann, answer.headers["Location"])
    assert "The case was withdrawn. It is found in the history" in told
    for path in (f"/cases/{case_id}", f"/cases/{case_id}/live"):
        page = text_of(eva, path)
        assert "This case was withdrawn: uploaded twice." in page
        assert "CANARY: the same plate" in page
        assert "Withdrawn: uploaded twice · ann" in page, "in its story"
        markup = eva.get(path).text
        assert "badge--alarm" not in markup, "no verdict as if it counted"
        assert "90 %" not in markup.split('id="readings-title"')[0]
        assert "viewer__box--" not in markup
        assert 'viewer__mark"' not in markup
        assert "none of these counts" in page
    page = eva.get(f"/cases/{case_id}").text
    assert "I see one." in page, "what was said stays"
    assert "The readers' answer" not in page
    assert 'name="is_fracture"' not in page
    assert "I am reading this" not in page
    assert "Correct the details" not in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [("wrong patient", "uploaded for the wrong patient"), ("other", "for another reason")],
)
def test_the_reason_is_told_in_words(ann: Person, case_id: uuid.UUID, reason: str, words: str) -> None:
    withdraw(ann, case_id, reason=reason)
    page = text_of(ann, f"/cases/{case_id}")
    assert f"This case was withdrawn: {words}." in page
    assert f"Withdrawn: {words} · ann" in page, "in its story"
    assert f"{words} · ann" in text_of(ann, "/history?state=withdrawn")


def test_a_reason_is_asked_for(each_app: Flask, ann: Person, case_id: uuid.UUID) -> None:
    for said, words in (
        ({"reason": ""}, "Say why."),
        ({"reason": "no idea"}, "Not a valid choice"),
        ({"reason": "other", "note": " "}, "Say in words what the other reason is."),
        ({"note": "x" * 501}, "Use at most 500 characters; these are 501."),
    ):
        answer = withdraw(ann, case_id, **said)
        assert answer.status_code == 422
        assert words in answer.text
    assert "CANARY" in withdraw(ann, case_id, reason="").text, "what was written is kept"
    assert not withdrawn(each_app, case_id)


def test_what_was_written_stands_in_no_event_address_or_cookie(
    each_app: Flask, ann: Person, tom: Person, case_id: uuid.UUID
) -> None:
    answer = withdraw(ann, case_id)
    assert "CANARY" not in answer.headers["Location"] + str(ann.client.get_cookie("greenstick"))
    trail = text_of(tom, "/events?action=case.withdrawn")
    assert "CANARY" not in trail
    assert "ann" in trail
    assert "reason: uploaded twice" in trail


def test_twice_is_once(each_app: Flask, ann: Person, case_id: uuid.UUID) -> None:
    for _ in range(2):
        assert withdraw(ann, case_id).status_code == 303
    assert "The case was withdrawn before" in text_of(ann, f"/cases/{case_id}")
    with each_app.app_context():
        told = select(func.count()).where(Event.action == "case.withdrawn")
        assert db.session.scalar(told) == 1


def test_the_history_finds_it_by_its_state_alone(
    each_app: Flask, ann: Person, tom: Person, case_id: uuid.UUID
) -> None:
    withdraw(ann, case_id)
    assert str(case_id) not in tom.get("/history").text
    assert str(case_id) not in tom.get("/worklist?show=all").text
    assert str(case_id) not in ann.get("/").text
    page = tom.get("/history?state=withdrawn")
    assert str(case_id) in page.text
    assert "badge--alarm" not in page.text
    assert "Re-run this selection" not in page.text
    line = text_of(tom, "/history?state=withdrawn")
    assert "Withdrawn" in line
    assert "uploaded twice · ann" in line
    assert tom.get("/worklist?state=withdrawn").status_code == 422, "it is no work"


def test_scripts_are_told(ann: Person, case_id: uuid.UUID) -> None:
    path = f"/cases/{case_id}.json"
    before = json_of(ann.get(path))
    assert (before["state"], before["verdict"], before["withdrawn"]) == ("done", "fracture", None)
    withdraw(ann, case_id)
    facts = json_of(ann.get(path))
    assert (facts["state"], facts["verdict"], facts["answer"], facts["awaits"]) == (
        "withdrawn", None, None, "nothing",
    )  # fmt: skip
    assert (facts["withdrawn"]["by"], facts["withdrawn"]["reason"]) == ("ann", "uploaded twice")


def test_a_review_of_it_is_refused_and_not_lost(
    each_app: Flask, eva: Person, ann: Person, case_id: uuid.UUID
) -> None:
    eva.get(f"/cases/{case_id}")
    withdraw(ann, case_id)
    said = {"is_fracture": "yes", "agrees": "yes", "findings": "1.2", "comment": "Long and hard to write."}
    for sent in (said, {"comment": said["comment"]}):
        answer = eva.post(f"/cases/{case_id}/reviews", sent)
        assert answer.status_code == 400
        assert "This case was withdrawn" in answer.text
        assert "Long and hard to write." in answer.text
    with each_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Review)) == 0


def test_it_cannot_be_corrected_or_claimed(
    each_app: Flask, eva: Person, ann: Person, case_id: uuid.UUID
) -> None:
    withdraw(ann, case_id)
    assert eva.get(f"/cases/{case_id}/correct").status_code == 400
    sent = {"patient_ref": "P-9", "version": "0"}
    assert eva.post(f"/cases/{case_id}/correct", sent).status_code == 400
    assert eva.post(f"/cases/{case_id}/claim").status_code == 303
    page = text_of(eva, f"/cases/{case_id}")
    assert "You may read and review it" not in page
    assert "You are reading this" not in page


@pytest.mark.parametrize(("who", "may"), [("ann", True), ("tom", True), ("eva", False)])
def test_who_withdrew_it_and_admins_can_restore_it(
    each_app: Flask,
    request: pytest.FixtureRequest,
    ann: Person,
    doorbell: RecordingDoorbell,
    who: str,
    may: bool,
) -> None:
    with each_app.app_context():
        case_id = rows.ready_case().id
    withdraw(ann, case_id)
    person: Person = request.getfixturevalue(who)
    assert ("Restore this case" in person.get(f"/cases/{case_id}").text) == may
    answer = person.post(f"/cases/{case_id}/restore")
    assert answer.status_code == (303 if may else 403)
    assert withdrawn(each_app, case_id) != may
    if may:
        page = text_of(person, f"/cases/{case_id}")
        assert "The case was restored" in page
        assert f"Restored · {who}" in page
        assert "Waiting" in page
        assert str(case_id) in person.get("/history").text
        assert doorbell.rung == ["inference"]


def test_a_stranger_withdraws_and_restores_nothing(each_app: Flask, case_id: uuid.UUID) -> None:
    visitor = Person(each_app.test_client(), None)
    assert visitor.get(f"/cases/{case_id}/withdraw").status_code == 302
    assert visitor.post(f"/cases/{case_id}/withdraw", SAID).status_code == 401
    assert visitor.post(f"/cases/{case_id}/restore").status_code == 401
    assert not withdrawn(each_app, case_id)


def test_its_batch_and_the_case_with_the_same_file_say_so(each_app: Flask, tom: Person) -> None:
    with each_app.app_context():
        same = rows.received_file("same.png", b"same")
        gone, kept = rows.new_case(files=[same], patient_ref="P-gone").id, rows.new_case(files=[same]).id
        withdraw_case(gone, "uploaded twice", "", Actor(tom.user_id))
        batch_id = db.session.scalars(select(Batch.id).where(Batch.case_id == gone)).one()
    assert "Its case was withdrawn." in text_of(tom, f"/batches/{batch_id}")
    assert "P-gone , which was withdrawn." in text_of(tom, f"/cases/{kept}")


def test_a_case_none_of_whose_images_could_be_used_can_be_withdrawn(each_app: Flask, tom: Person) -> None:
    refused = rows.received_file(kind="", refusal_code="empty", refusal_reason="The file is empty.")
    with each_app.app_context():
        case_id = rows.new_case(files=[refused]).id
    withdraw(tom, case_id)
    page = text_of(tom, f"/cases/{case_id}")
    assert "This case was withdrawn" in page
    assert "Refused" not in page.split("Readings of this image")[0]
    assert str(case_id) not in tom.get("/").text
