"""A review is about the reading that its reader saw; another one is shown first, and one must be there."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.actions import batches, jobs
from portal.actions.events import Actor
from portal.actions.reviews import CHANGED
from portal.db import db
from portal.models import Batch, Case, Release, Review
from tests.fixtures import rows
from tests.fixtures.people import FINDINGS, Person, new_person, signed_in
from tests.pages.answers import json_of

SAID = {"is_fracture": "no", "agrees": "yes", "comment": "Nothing seen."}


@pytest.fixture
def case_id(app: Flask) -> uuid.UUID:
    with app.app_context():
        return rows.read_case(answer=rows.finding(0.03, "no fracture")).id


def rerun(app: Flask, case_id: uuid.UUID, answer: dict[str, Any] | None = None) -> None:
    """Its images are read again, to the end."""
    with app.app_context():
        release_id = db.session.scalars(select(Release.id)).one()
        one = select(Case.id).where(Case.id == case_id)
        batches.rerun_selection(one, "one", release_id, "again", Actor(rows.new_user("admin").id))
        rows.read_all(answer or rows.finding(0.95, "fracture"))


def page_of(person: Person, case_id: uuid.UUID) -> str:
    return person.get(f"/cases/{case_id}").text


def shown_findings(page: str) -> str:
    found = FINDINGS.search(page)
    assert found
    return found.group(1)


def is_asked(page: str) -> bool:
    """Whether one agrees with the reading."""
    found = re.search(r'data-behaviour="agreement"( hidden)?', page)
    assert found
    return found.group(1) is None


def checked(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input [^>]*checked [^>]*name="(is_fracture|agrees)"[^>]* value="(\w+)"', page))


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Review)) or 0


def test_a_reading_that_changed_since_the_page_was_opened_is_looked_at_first(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.read_case(answer=rows.finding(0.03, "no fracture")).id
    reader = signed_in(each_app, new_person(each_app, "reader"))
    opened = {"findings": shown_findings(page_of(reader, case_id))}
    rerun(each_app, case_id)

    answer = reader.post(f"/cases/{case_id}/reviews", SAID | opened)
    assert answer.status_code == 409
    assert answer.text.count(CHANGED) == 2, "beside the question and above the form"
    assert "95 %" in answer.text
    assert "Nothing seen." in answer.text
    assert checked(answer.text) == {"is_fracture": "no"}, "of the answers only the reader's own"
    assert "Reviewed as" not in answer.text
    assert count(each_app) == 0

    again = {"findings": shown_findings(answer.text), "agrees": "no"}
    assert reader.post(f"/cases/{case_id}/reviews", SAID | again).status_code == 303
    assert "Reviewed as first reader: no fracture, disagrees with the reading" in page_of(reader, case_id)


def test_a_changed_reading_is_told_beside_the_image_that_was_looked_at(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case_id = rows.read_case(3, answer=rows.finding(0.03, "no fracture")).id
    opened = {"findings": shown_findings(page_of(as_reader, case_id))}
    rerun(app, case_id)
    answer = as_reader.post(f"/cases/{case_id}/reviews?image=3", SAID | opened)
    assert answer.status_code == 409
    assert "<title>Error: Case" in answer.text
    assert answer.text.index("Your review was not saved") < answer.text.index("reading-bar")
    assert '<h2 id="result-title">Image 3</h2>' in answer.text


def test_a_changed_reading_is_told_with_whatever_else_is_wrong(
    app: Flask, as_reader: Person, case_id: uuid.UUID
) -> None:
    opened = {"findings": shown_findings(page_of(as_reader, case_id)), "agrees": "yes"}
    rerun(app, case_id)
    answer = as_reader.post(f"/cases/{case_id}/reviews", opened)
    assert answer.status_code == 422
    assert "Say whether there is a fracture." in answer.text
    assert CHANGED in answer.text
    assert checked(answer.text) == {}


@pytest.mark.parametrize("findings", [None, "", "x", "9" * 30, "1.2"])
def test_a_form_that_does_not_name_what_was_shown_is_not_taken(
    app: Flask, as_reader: Person, case_id: uuid.UUID, findings: str | None
) -> None:
    sent = SAID if findings is None else SAID | {"findings": findings}
    assert as_reader.post(f"/cases/{case_id}/reviews", sent).status_code == 409
    assert count(app) == 0


def test_a_rerun_that_failed_leaves_the_reading_as_it_was(
    app: Flask, as_reader: Person, case_id: uuid.UUID
) -> None:
    opened = {"findings": shown_findings(page_of(as_reader, case_id))}
    with app.app_context():
        release_id = rows.new_release("release-2", "available").id
        batch_id = db.session.scalars(select(Batch.id)).one()
        batches.rerun_batch(batch_id, release_id, "newer", Actor(rows.new_user("admin").id))
        jobs.fail(jobs.claim_jobs(1, rows.TERMS)[0], "The stored image cannot be read.")
    assert as_reader.post(f"/cases/{case_id}/reviews", SAID | opened).status_code == 303


def test_where_there_is_no_reading_nobody_is_asked_to_agree_with_it(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.ready_case().id
        jobs.fail(jobs.claim_jobs(1, rows.TERMS)[0], "The stored image cannot be read.")
    reader = signed_in(each_app, new_person(each_app, "reader"))
    assert not is_asked(page_of(reader, case_id))
    assert reader.review(case_id, {"is_fracture": "no"}).status_code == 303
    page = page_of(reader, case_id)
    assert "Reviewed as first reader: no fracture" in page
    assert "agrees with" not in page
    assert json_of(reader.get(f"/cases/{case_id}.json"))["reviews"][0]["agrees"] is None


def test_a_first_reading_that_comes_while_one_writes_is_looked_at_first(
    app: Flask, as_reader: Person
) -> None:
    with app.app_context():
        case_id = rows.ready_case().id
    opened = page_of(as_reader, case_id)
    assert not is_asked(opened)
    with app.app_context():
        rows.read_all()
    sent = {"is_fracture": "no", "findings": shown_findings(opened)}
    answer = as_reader.post(f"/cases/{case_id}/reviews", sent)
    assert answer.status_code == 409
    assert is_asked(answer.text)
    assert CHANGED in answer.text


def test_a_correction_starts_from_agreement_with_the_same_reading_only(
    app: Flask, as_reader: Person, case_id: uuid.UUID
) -> None:
    as_reader.review(case_id, SAID)
    page = page_of(as_reader, case_id)
    assert checked(page) == {"is_fracture": "no", "agrees": "yes"}
    assert "agrees with the reading" in page
    rerun(app, case_id)
    page = page_of(as_reader, case_id)
    assert checked(page) == {"is_fracture": "no"}
    assert CHANGED not in page, "nothing was sent that could be out of date"
    assert "agrees with an earlier reading" in page
    refused = as_reader.review(case_id, {"is_fracture": "no", "comment": "Looked again."})
    assert "Say whether you agree with the reading." in refused.text
