"""Agreeing with the reading and saying the opposite is not taken; nor is a review of no picture at all."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.actions import jobs
from portal.actions.jobs import Result
from portal.db import db
from portal.models import Review
from tests.fixtures import rows
from tests.fixtures.people import Person

SAYS_FRACTURE = "The reading says fracture, and you say no fracture: disagree, or change your answer."
SAYS_NONE = "The reading says no fracture, and you say fracture: disagree, or change your answer."
NO_PICTURE = "None of the images could be used, so there is no picture to review."
PROBABILITY = {"fracture": 0.9, "doubt": 0.5, "no fracture": 0.1, "out of scope": None}


def case_read_as(app: Flask, *verdicts: str | None) -> uuid.UUID:
    """One image each; null: no reading came of it."""
    with app.app_context():
        case_id = rows.ready_case(len(verdicts)).id
        for claim, verdict in zip(jobs.claim_jobs(len(verdicts), rows.TERMS), verdicts, strict=True):
            if verdict:
                jobs.finish([Result(claim, rows.finding(PROBABILITY[verdict], verdict))])
            else:
                jobs.fail(claim, "The stored image cannot be read.")
        return case_id


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Review)) or 0


@pytest.mark.parametrize(
    ("verdicts", "said", "told"),
    [
        (["fracture"], "no", SAYS_FRACTURE),
        (["no fracture", "fracture", "doubt"], "no", SAYS_FRACTURE),
        (["fracture", None], "no", SAYS_FRACTURE),
        (["no fracture"], "yes", SAYS_NONE),
        (["no fracture", "no fracture"], "yes", SAYS_NONE),
    ],
)
def test_agreement_that_contradicts_itself_is_asked_about(
    app: Flask, as_reader: Person, verdicts: list[str | None], said: str, told: str
) -> None:
    case_id = case_read_as(app, *verdicts)
    answer = as_reader.review(case_id, {"is_fracture": said, "agrees": "yes", "comment": "worth keeping"})
    assert answer.status_code == 422
    assert f'<a href="#agrees-0">{told}</a>' in answer.text
    assert re.search(rf'id="agrees-error"[^>]*>{told}', answer.text), "beside the question"
    assert "worth keeping" in answer.text
    assert count(app) == 0
    assert as_reader.review(case_id, {"is_fracture": said, "agrees": "no"}).status_code == 303


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["fracture"], "yes"),
        (["fracture"], "unsure"),
        (["no fracture"], "no"),
        (["no fracture"], "unsure"),
        (["doubt"], "yes"),
        (["doubt"], "no"),
        (["doubt", "no fracture"], "yes"),
        (["no fracture", "fracture"], "yes"),
        (["out of scope"], "yes"),
        (["no fracture", "out of scope"], "yes"),
        (["no fracture", None], "yes"),
    ],
)
def test_what_contradicts_nothing_is_taken(
    app: Flask, as_reader: Person, verdicts: list[str | None], said: str
) -> None:
    case_id = case_read_as(app, *verdicts)
    assert as_reader.review(case_id, {"is_fracture": said, "agrees": "yes"}).status_code == 303


def test_a_reading_that_has_changed_is_told_before_a_contradiction(app: Flask, as_reader: Person) -> None:
    case_id = case_read_as(app, "fracture")
    sent = {"is_fracture": "no", "agrees": "yes", "findings": "0"}
    assert as_reader.post(f"/cases/{case_id}/reviews", sent).status_code == 409


def test_a_case_without_any_picture_cannot_be_reviewed(app: Flask, as_reader: Person) -> None:
    refused = rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")
    with app.app_context():
        case_id = rows.new_case(files=[refused]).id
        half = rows.new_case(files=[refused, rows.received_file()]).id
    page = as_reader.get(f"/cases/{case_id}").text
    assert NO_PICTURE in page
    assert 'name="is_fracture"' not in page
    sent = {"is_fracture": "no", "findings": "", "comment": "worth keeping"}
    answer = as_reader.post(f"/cases/{case_id}/reviews", sent)
    assert answer.status_code == 400
    assert NO_PICTURE in answer.text
    assert "worth keeping" in answer.text
    assert count(app) == 0
    assert 'name="is_fracture"' in as_reader.get(f"/cases/{half}").text
