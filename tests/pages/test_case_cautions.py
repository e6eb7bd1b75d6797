"""Cautions about the image and the part of the body, beside a reading and in the JSON."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.db import transaction
from portal.image_quality import CAUTIONS, LIMB_CUT_OFF, NEARLY_FLAT, TOO_SMALL
from portal.models import Image, Release
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import json_of

CARD = {"name": "limbs", "body_parts": ["hand", "leg", "hip"], "training_data": {"name": "FracAtlas"}}


def read_case(
    app: Flask, body_part: str, tags: dict[str, str], answer: dict[str, Any], flags: Sequence[str] = ()
) -> uuid.UUID:
    with app.app_context():
        with transaction() as session:
            session.add(Release(name="limbs", weights_sha256="c" * 64, card=CARD, state="active"))
        case = rows.read_case(body_part=body_part, answer=answer)
        with transaction() as session:
            session.execute(update(Image).values(tags=tags, flags=list(flags)))
        return case.id


def cautions(person: Person, case_id: uuid.UUID) -> list[str]:
    (image,) = json_of(person.get(f"/cases/{case_id}.json"))["images"]
    found: list[str] = image["cautions"]
    return found


@pytest.mark.parametrize(
    ("body_part", "tags", "words"),
    [
        ("spine", {}, "This release was trained on hand, leg and hip; a reading of “spine” is outside that."),
        ("", {"BodyPartExamined": "CHEST"}, "a reading of “chest” is outside that."),
        ("left hip", {}, "How well this release reads “hip” is not known"),
    ],
)
def test_a_reading_outside_what_is_known_comes_with_a_caution(
    app: Flask, as_reader: Person, body_part: str, tags: dict[str, str], words: str
) -> None:
    case_id = read_case(app, body_part, tags, rows.finding(0.9, "fracture"))
    page = as_reader.get(f"/cases/{case_id}").text
    assert words in page
    assert "90 %" in page, "the reading is still given"
    (caution,) = cautions(as_reader, case_id)
    assert words in caution
    assert caution in as_reader.get(f"/cases/{case_id}/live").text


@pytest.mark.parametrize(("body_part", "tags"), [("hand", {"BodyPartExamined": "EXTREMITY"}), ("", {})])
def test_a_covered_or_unnamed_part_needs_no_caution(
    app: Flask, as_reader: Person, body_part: str, tags: dict[str, str]
) -> None:
    case_id = read_case(app, body_part, tags, rows.finding(0.9, "fracture"))
    assert "This release was trained on" not in as_reader.get(f"/cases/{case_id}").text
    assert cautions(as_reader, case_id) == []


def test_without_a_probability_there_is_nothing_to_be_cautious_about(app: Flask, as_reader: Person) -> None:
    case_id = read_case(app, "chest", {}, rows.finding(None, "out of scope"))
    assert cautions(as_reader, case_id) == []
    assert "This release was trained on" not in as_reader.get(f"/cases/{case_id}").text


@pytest.mark.parametrize(
    ("answer", "words"),
    [(rows.finding(0.9, "fracture"), "90 %"), (rows.finding(None, "out of scope"), "out of scope")],
)
def test_an_image_that_is_hard_to_judge_says_so_beside_its_reading(
    app: Flask, as_reader: Person, answer: dict[str, Any], words: str
) -> None:
    case_id = read_case(app, "hand", {}, answer, flags=["colour", TOO_SMALL, NEARLY_FLAT])
    page = as_reader.get(f"/cases/{case_id}").text
    assert words in page
    assert page.count(CAUTIONS[TOO_SMALL]) == page.count(CAUTIONS[NEARLY_FLAT]) == 1
    assert "The file is in colour" in page, "what is known of the file stays with the file"
    assert "Too small" not in page
    assert cautions(as_reader, case_id) == [CAUTIONS[TOO_SMALL], CAUTIONS[NEARLY_FLAT]]


def test_caution_about_the_image_comes_before_that_about_the_part(app: Flask, as_reader: Person) -> None:
    case_id = read_case(app, "hip", {}, rows.finding(0.9, "fracture"), flags=[NEARLY_FLAT])
    about_image, about_part = cautions(as_reader, case_id)
    assert about_image == CAUTIONS[NEARLY_FLAT]
    assert "“hip” is not known" in about_part


def test_of_what_is_no_limb_none_is_said_to_be_cut_off(app: Flask, as_reader: Person) -> None:
    out_of_scope = rows.finding(None, "out of scope")
    case_id = read_case(app, "", {}, out_of_scope, flags=[LIMB_CUT_OFF, NEARLY_FLAT])
    assert cautions(as_reader, case_id) == [CAUTIONS[NEARLY_FLAT]]


def test_before_a_reading_there_is_no_caution(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case_id = rows.ready_case(body_part="hip").id
    assert cautions(as_reader, case_id) == []


def test_what_was_typed_as_body_part_is_shown_as_text(app: Flask, as_reader: Person) -> None:
    case_id = read_case(app, "<b>Knöchel</b>", {}, rows.finding(0.9, "fracture"))
    assert (
        "a reading of “&lt;b&gt;Knöchel&lt;/b&gt;” is outside that" in as_reader.get(f"/cases/{case_id}").text
    )
