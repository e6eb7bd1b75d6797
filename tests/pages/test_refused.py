"""A refused image is never out of view: found, counted and explained, also beside images that were read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import batches, images, jobs
from portal.actions.events import Actor
from portal.db import db
from portal.models import Batch, User
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.test_history import names
from tests.pages.worklist import names as unread

EMPTY, CUT = "The file is empty.", "The file ends too early."
NOTE = re.compile(r'<p class="(?:table|case-list)__reason">([^<]+)</p>')


def add_case(name: str, *files: str, user: User | None = None, **changes: Any) -> None:
    """One image per word: “good”, or the reason of its refusal."""
    sent = [
        rows.received_file()
        if reason == "good"
        else rows.received_file(kind="", refusal_code="empty", refusal_reason=reason)
        for reason in files
    ]
    rows.new_case(user, files=sent, patient_ref=name, **changes)


def add_cases(user: User | None = None) -> None:
    rows.new_release()
    add_case("P-all", EMPTY)
    add_case("P-half", "good", EMPTY, user=user)
    add_case("P-urgent", "good", CUT, "good", priority="urgent", body_part="hip")
    add_case("P-good", "good", user=user)
    rows.ready_case(patient_ref="P-waiting")
    rows.read_all(rows.finding(None, "out of scope"))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("", ["P-urgent", "P-half", "P-all"]),
        ("&sort=oldest", ["P-all", "P-half", "P-urgent"]),
        ("&sort=urgency", ["P-urgent", "P-half", "P-all"]),
        ("&priority=urgent", ["P-urgent"]),
        ("&part=hip", ["P-urgent"]),
        ("&verdict=out+of+scope", ["P-urgent", "P-half"]),
        ("&verdict=none+yet", ["P-all"]),
        ("&uploader={uploader}", ["P-half"]),
        ("&review=reviewed", []),
    ],
)
def test_the_history_finds_cases_of_which_any_image_was_refused(
    each_app: Flask, eva: Person, filters: str, found: list[str]
) -> None:
    with each_app.app_context():
        uploader = rows.new_user()
        uploader_id = uploader.id
        add_cases(uploader)
    assert names(eva, "/history?state=refused" + filters.format(uploader=uploader_id)) == found


def test_the_worklist_finds_them_too(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        add_cases()
    assert unread(eva, "/worklist?state=refused") == ["P-urgent", "P-half", "P-all"]


def test_an_image_that_intake_refuses_is_counted(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        rows.new_release()
        rows.new_case(images_count=2, patient_ref="P-1")
        (claim,) = images.claim_images(1, rows.TERMS)
        images.refuse(claim, "truncated", CUT)
    assert names(eva, "/history?state=refused") == ["P-1"]
    assert "1 of 2 images refused: The file ends too early." in NOTE.findall(eva.get("/history").text)


def test_the_dashboard_counts_what_its_links_find(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        add_cases()
        for number in range(8):
            add_case(f"P-{number}", EMPTY)
        case = rows.new_case(patient_ref="P-cancelled")
        batch_id = db.session.scalars(select(Batch.id).where(Batch.case_id == case.id)).one()
        batches.cancel_batch(batch_id, Actor(rows.new_user("admin").id))
        while claims := images.claim_images(1, rows.TERMS):
            images.accept(claims[0], images.Decoded(rows.DECODED))
    page = re.sub(r"<svg.*?</svg>", "", eva.get("/").text, flags=re.S)
    tiles = re.findall(r'href="([^"]+)">\s*<span class="tile__count">(\d+)</span>', page)
    counted = {state: int(count) for link, count in tiles for state in re.findall(r"state=(\w+)", link)}
    assert counted == {"waiting": 0, "refused": 11, "failed": 0, "cancelled": 1}
    trouble = page.split('id="trouble"')[1]
    assert '<span class="count">12</span>' in trouble
    shown = re.findall(r'case-list__name">([^<]+)<', trouble)
    assert len(shown) == 8
    assert shown[0] == "P-urgent", "an urgent case is not pushed out"
    links = re.findall(r'href="(/history[^"]+)">(\d+) (\w+)</a>', trouble)
    assert [(int(count), state) for _, count, state in links] == [(11, "refused"), (1, "cancelled")]
    for link, count, _ in links:
        assert len(names(eva, link.replace("&amp;", "&"))) == int(count)


def test_an_empty_portal_claims_nothing(as_reader: Person) -> None:
    page = as_reader.get("/").text
    assert "Nothing waits." in page
    assert "everything was read" not in page


def test_one_reason_is_named_for_all_and_of_several_none(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        add_case("P-same", EMPTY, EMPTY)
        add_case("P-different", EMPTY, CUT)
        add_case("P-one", CUT)
    assert NOTE.findall(as_reader.get("/history").text) == [
        CUT,
        "2 of 2 images refused, for different reasons. Open the case to see them.",
        "2 of 2 images refused: The file is empty.",
    ]


def test_a_failed_case_tells_its_refused_images_too(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.new_release()
        add_case("P-1", "good", EMPTY)
        rows.ready_case()
        for claim in jobs.claim_jobs(1, rows.TERMS):
            jobs.fail(claim, "The stored image cannot be read.")
    notes = NOTE.findall(as_reader.get("/history?state=failed").text)
    assert notes == ["The stored image cannot be read.", "1 of 2 images refused: The file is empty."]
