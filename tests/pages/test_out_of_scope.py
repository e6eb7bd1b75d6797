"""An image that the release cannot judge is called so everywhere, and never gets a probability."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask

from portal.actions import images, jobs
from portal.actions.batches import rerun_selection
from portal.actions.events import Actor
from portal.db import db
from portal.models import Case, User
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in
from tests.pages.answers import json_of

BADGE = re.compile(r'badge__words">([^<]+)<')
NAME = re.compile(r'<a class="table__lead"[^>]*>([^<]+)</a>')
NOTE = re.compile(r'<p class="(?:table|case-list)__reason">([^<]+)</p>')


@pytest.fixture
def outside(app: Flask) -> uuid.UUID:
    """A case with one image, which is out of scope."""
    with app.app_context():
        return rows.read_case(answer=rows.finding(None, "out of scope")).id


@pytest.fixture
def eva(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "reader"))


def mixed_case(*verdicts: str, user: User | None = None, **changes: str) -> uuid.UUID:
    """A case with one image per verdict."""
    case = rows.ready_case(images_count=len(verdicts), user=user, **changes)
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


def test_every_list_says_how_many_images_of_a_case_are_out_of_scope(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        me = db.session.get_one(User, eva.user_id)
        mixed_case("fracture", "out of scope", user=me)
    for path in ("/history", "/worklist", "/"):
        page = eva.get(path).text
        assert "fracture" in BADGE.findall(page), path
        assert NOTE.findall(page) == ["1 of 2 images out of scope"], path


def test_the_note_stands_beside_the_one_about_refused_files(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.new_release()
        rows.new_case(images_count=3)
        good, other, broken = images.claim_images(3, rows.TERMS)
        images.refuse(broken, "empty", "The file is empty.")
        for claim, verdict in ((good, "fracture"), (other, "out of scope")):
            images.accept(claim, images.Decoded(rows.DECODED))
            (job,) = jobs.claim_jobs(1, rows.TERMS)
            probability = None if verdict == "out of scope" else 0.9
            jobs.finish([jobs.Result(job, rows.finding(probability, verdict))])
    assert NOTE.findall(as_reader.get("/history").text) == [
        "1 of 3 images refused: The file is empty.", "1 of 3 images out of scope",
    ]  # fmt: skip


def test_of_a_single_image_the_verdict_says_enough(as_reader: Person, outside: uuid.UUID) -> None:
    page = as_reader.get("/history").text
    assert str(outside) in page
    assert NOTE.findall(page) == []


def test_the_history_finds_cases_of_which_any_image_is_out_of_scope(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        uploader = rows.new_user()
        part = mixed_case("fracture", "out of scope", user=uploader, patient_ref="P-part")
        upload = rows.jobs_of(db.session.get_one(Case, part))[0].batch_id
        mixed_case("out of scope", "out of scope", patient_ref="P-all")
        mixed_case("no fracture", "fracture", user=rows.new_user(), patient_ref="P-judged")
        mixed_case("out of scope", "doubt", patient_ref="P-doubt", body_part="knee")
        mixed_case("out of scope", "no fracture", patient_ref="P-urgent", priority="urgent")
        expected = {
            "": ["P-urgent", "P-doubt", "P-all", "P-part"],
            "&sort=oldest": ["P-part", "P-all", "P-doubt", "P-urgent"],
            "&sort=urgency": ["P-urgent", "P-doubt", "P-all", "P-part"],
            "&priority=urgent": ["P-urgent"],
            "&part=knee": ["P-doubt"],
            "&state=done&review=open": ["P-urgent", "P-doubt", "P-all", "P-part"],
            "&state=failed": [],
            f"&uploader={uploader.id}": ["P-part"],
            f"&uploader={uploader.id}&sort=urgency": ["P-part"],
            f"&batch={upload}": ["P-part"],
        }
    pages = {filters: eva.get("/history?verdict=out+of+scope" + filters).text for filters in expected}
    assert {filters: NAME.findall(page) for filters, page in pages.items()} == expected


def test_the_worklist_finds_them_in_its_own_order(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        mixed_case("out of scope", patient_ref="P-all")
        mixed_case("fracture", "out of scope", patient_ref="P-part")
        mixed_case("fracture", patient_ref="P-judged")
    page = eva.get("/worklist?verdict=out+of+scope").text
    assert NAME.findall(page) == ["P-part", "P-all"]
    assert "2 cases" in page


def test_the_dashboard_counts_what_its_link_finds(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        mixed_case("fracture", "out of scope")
        mixed_case("no fracture", "out of scope")
        mixed_case("fracture")
    page = re.sub(r"<svg.*?</svg>", "", as_reader.get("/").text, flags=re.S)
    tiles = re.findall(r'href="([^"]+)">\s*<span class="tile__count">(\d+)</span>', page)
    for verdict, count in (("fracture", 2), ("out of scope", 2), ("no fracture", 0)):
        [(link, told)] = [tile for tile in tiles if f"verdict={verdict.replace(' ', '+')}&" in tile[0]]
        assert int(told) == count
        assert len(NAME.findall(as_reader.get(link.replace("&amp;", "&")).text)) == count


def test_an_image_that_a_newer_release_can_judge_is_no_longer_counted(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        case_id = mixed_case("fracture", "out of scope")
        newer = rows.new_release("release-2", "available")
        admin = Actor(rows.new_user("admin").id)
        rerun_selection(db.select(Case.id), "all", newer.id, "", admin)
        rows.read_all(rows.finding(0.1, "no fracture"))
    assert json_of(eva.get(f"/cases/{case_id}.json"))["images_out_of_scope"] == 0
    assert "out of scope" not in "".join(NOTE.findall(eva.get("/history").text))
    assert NAME.findall(eva.get("/history?verdict=out+of+scope").text) == []


def test_the_json_counts_images_beside_the_most_severe_verdict(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case_id = mixed_case("fracture", "out of scope", "out of scope")
    facts = json_of(as_reader.get(f"/cases/{case_id}.json"))
    assert (facts["verdict"], facts["images_out_of_scope"]) == ("fracture", 2)
    verdicts = [image["findings"][-1]["verdict"] for image in facts["images"]]
    assert sorted(verdicts) == ["fracture", "out of scope", "out of scope"]
