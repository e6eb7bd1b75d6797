"""Places that a reader marks: kept with the review, refused beside the field when they cannot be."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.db import db
from portal.forms.regions import DAMAGED, MOST_REGIONS, OUTSIDE, TOO_MANY
from portal.models import Review
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in

REGION: dict[str, Any] = {"image": 1, "x": 10, "y": 20, "width": 30, "height": 40}
"""The images of these cases are 300 × 400 pixels large."""


@pytest.fixture
def case_id(app: Flask) -> uuid.UUID:
    """Two images that can be marked, and a third that was refused."""
    refused = rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")
    with app.app_context():
        rows.new_release()
        return rows.ready_case(files=[rows.received_file(), rows.received_file(), refused]).id


def send(person: Person, case_id: uuid.UUID, regions: str) -> Any:
    said = {"is_fracture": "yes", "agrees": "yes", "comment": "Marked.", "regions": regions}
    return person.review(case_id, said)


def test_marks_are_kept_and_told_in_words(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.ready_case(images_count=2).id
    reader = signed_in(each_app, new_person(each_app, "reader"))
    marks = [REGION, REGION | {"x": 0.5}, REGION | {"image": 2, "x": 0, "y": 0, "width": 300, "height": 400}]
    assert send(reader, case_id, json.dumps(marks)).status_code == 303
    with each_app.app_context():
        assert db.session.scalars(select(Review.regions)).one() == marks
    page = reader.get(f"/cases/{case_id}").text
    assert "2 regions on image 1, 1 region on image 2" in page
    assert "data-regions-field" in page


def test_no_marks_are_needed(app: Flask, as_reader: Person, case_id: uuid.UUID) -> None:
    assert send(as_reader, case_id, "").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Review.regions)).one() == []


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("not JSON", DAMAGED),
        ('{"image": 1}', DAMAGED),
        ("[7]", DAMAGED),
        ("[" * 5000, DAMAGED),
        ("[" + " " * 10_000 + "]", DAMAGED),
        (json.dumps([{"image": 1}]), DAMAGED),
        (json.dumps([REGION | {"image": 3}]), DAMAGED),
        (json.dumps([REGION | {"image": 4}]), DAMAGED),
        (json.dumps([REGION | {"image": "1"}]), DAMAGED),
        (json.dumps([REGION | {"image": True}]), DAMAGED),
        (json.dumps([REGION | {"x": float("nan")}]), DAMAGED),
        (json.dumps([REGION | {"width": float("inf")}]), DAMAGED),
        (json.dumps([REGION | {"x": 10**400}]), DAMAGED),
        (json.dumps([REGION | {"y": None}]), DAMAGED),
        (json.dumps([REGION | {"x": -1}]), OUTSIDE),
        (json.dumps([REGION | {"x": 271}]), OUTSIDE),
        (json.dumps([REGION | {"height": 381}]), OUTSIDE),
        (json.dumps([REGION | {"width": 0}]), OUTSIDE),
        (json.dumps([REGION] * (MOST_REGIONS + 1)), TOO_MANY),
    ],
    ids=lambda value: str(value)[:40],
)
def test_marks_that_cannot_be_are_refused_and_the_rest_is_kept(
    app: Flask, as_reader: Person, case_id: uuid.UUID, sent: str, reason: str
) -> None:
    answer = send(as_reader, case_id, sent)
    assert answer.status_code == 422
    assert answer.text.count(reason) == 2, "beside the field and above the form"
    assert "Marked." in answer.text
    with app.app_context():
        assert db.session.scalars(select(Review)).all() == []
