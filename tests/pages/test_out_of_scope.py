"""An image that the release cannot judge is called so everywhere, and never gets a probability."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask

from portal.actions import jobs
from portal.db import db
from portal.models import User
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import json_of

BADGE = re.compile(r'badge__words">([^<]+)<')


@pytest.fixture
def outside(app: Flask) -> uuid.UUID:
    """A case with one image, which is out of scope."""
    with app.app_context():
        return rows.read_case(answer=rows.finding(None, "out of scope")).id


def mixed_case(*verdicts: str) -> uuid.UUID:
    """A case with one image per verdict."""
    case = rows.ready_case(images_count=len(verdicts))
    for verdict in verdicts:
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        probability = None if verdict == "out of scope" else 0.5
        jobs.finish([jobs.Result(claim, rows.finding(probability, verdict))])
    return case.id


def test_the_case_page_says_what_it_means_and_gives_no_number(as_reader: Person, outside: uuid.UUID) -> None:
    page = as_reader.get(f"/cases/{outside}").text
    assert "This does not look like an image that the release can judge, so there is no probability." in page
    assert "That says nothing about a fracture." in page
    assert "out of scope" in BADGE.findall(page)
    result = page.split('id="result-title"')[1].split("</section>")[0]
    readings = page.split('id="readings-title"')[1].split("</section>")[0]
    assert "%" not in result + readings
    assert "marked" not in page, "“0 places marked” would say that it was read"


def test_the_history_shows_it(as_reader: Person, outside: uuid.UUID) -> None:
    page = as_reader.get("/history").text
    assert str(outside) in page
    assert BADGE.findall(page) == ["out of scope"]


def test_the_uploaders_dashboard_shows_and_counts_it(app: Flask, as_radiographer: Person) -> None:
    with app.app_context():
        user = db.session.get_one(User, as_radiographer.user_id)
        rows.read_case(user=user, answer=rows.finding(None, "out of scope"))
    page = as_radiographer.get("/").text
    assert "out of scope" in BADGE.findall(page)
    assert re.search(r'tile__count">1</span>\s*<span class="tile__words">.*?out of scope', page, re.S)


def test_the_history_can_be_filtered_for_it(app: Flask, as_reader: Person, outside: uuid.UUID) -> None:
    with app.app_context():
        other = rows.read_case(answer=rows.finding(0.1, "no fracture")).id
    page = as_reader.get("/history?verdict=out+of+scope").text
    assert str(outside) in page
    assert str(other) not in page


def test_the_json_has_the_verdict_and_null(as_reader: Person, outside: uuid.UUID) -> None:
    facts = json_of(as_reader.get(f"/cases/{outside}.json"))
    (finding,) = facts["images"][0]["findings"]
    assert facts["verdict"] == finding["verdict"] == "out of scope"
    assert finding["state"] == "done"
    assert finding["probability"] is None
    assert finding["boxes"] == []


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        (("no fracture", "out of scope"), "out of scope"),
        (("out of scope", "doubt", "no fracture"), "doubt"),
        (("out of scope", "fracture"), "fracture"),
    ],
)
def test_a_case_with_an_image_that_was_not_judged_never_looks_like_no_fracture(
    app: Flask, as_reader: Person, verdicts: tuple[str, ...], shown: str
) -> None:
    with app.app_context():
        case_id = mixed_case(*verdicts)
    assert BADGE.findall(as_reader.get("/history").text) == [shown]
    assert json_of(as_reader.get(f"/cases/{case_id}.json"))["verdict"] == shown
    page = as_reader.get(f"/cases/{case_id}").text
    assert "out of scope" in BADGE.findall(page), "in the strip of images"


def test_the_page_opens_on_the_image_that_was_not_judged_before_one_without_a_fracture(
    app: Flask, as_reader: Person
) -> None:
    with app.app_context():
        case_id = mixed_case("no fracture", "out of scope")
    images = json_of(as_reader.get(f"/cases/{case_id}.json"))["images"]
    verdicts = [image["findings"][0]["verdict"] for image in images]
    shown = verdicts.index("out of scope") + 1
    assert f'<h2 id="result-title">Image {shown}</h2>' in as_reader.get(f"/cases/{case_id}").text
