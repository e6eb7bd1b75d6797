"""Cautions about the image and the part of the body, beside a reading and in the JSON."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.actions.images import Decoded, accept, claim_images
from portal.db import db, transaction
from portal.file_patient import OTHER, SAME, digest_of
from portal.image_quality import CAUTIONS, LIMB_CUT_OFF, NEARLY_FLAT, TOO_SMALL
from portal.models import Image, Release
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in
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


CONTRADICTING = {"AccessionNumber": "ACC-OTHER", "BodyPartExamined": "ANKLE"}


def opened_case(named: str, tags: dict[str, str] | None = None) -> uuid.UUID:
    """Of patient PID-111; its file, which intake has opened, names the patient `named`."""
    if db.session.scalar(select(Release.id)) is None:
        rows.new_release()
    case = rows.new_case(patient_ref="PID-111", accession="ACC-TYPED", body_part="hand")
    (claim,) = claim_images(1, rows.TERMS)
    assert accept(claim, Decoded(rows.DECODED | {"tags": tags or {}, "flags": ["colour"]}, digest_of(named)))
    return case.id


@pytest.mark.parametrize("is_read", [False, True])
def test_a_file_that_contradicts_the_form_says_so_with_a_reading_or_without(
    each_app: Flask, is_read: bool
) -> None:
    with each_app.app_context():
        case_id = opened_case("PID-777", CONTRADICTING)
        if is_read:
            rows.read_all()
    reader = signed_in(each_app, new_person(each_app, "reader"))
    page, live = (reader.get(f"/cases/{case_id}{part}").text for part in ("", "/live"))
    told = cautions(reader, case_id)
    for caution, word in zip(told, ("patient", "accession number", "body part"), strict=True):
        assert caution.startswith(f"The file names another {word} ")
        assert caution in page
        assert caution in live
    assert "PID-777" not in page + str(told)


def test_of_whom_a_file_names_only_is_kept_whether_it_is_this_patient(each_app: Flask) -> None:
    with each_app.app_context():
        same, other = opened_case(" pid-111"), opened_case("PID-777")
        for case_id, note in ((same, SAME), (other, OTHER)):
            (image,) = db.session.scalars(select(Image).where(Image.case_id == case_id))
            assert image.flags == ["colour", note]
            assert image.tags == {}
    reader = signed_in(each_app, new_person(each_app, "reader"))
    assert cautions(reader, same) == []
    assert "The file names the patient of this case." in reader.get(f"/cases/{same}").text
    assert "Other patient" not in reader.get(f"/cases/{other}").text, "the caution says it, in words"
