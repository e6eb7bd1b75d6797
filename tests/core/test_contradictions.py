"""When a file is said to name another patient or examination than the case."""

from __future__ import annotations

import pytest

from portal.file_patient import OTHER, SAME, compared, digest_of
from portal.models import Case, Image
from portal.queries.contradictions import contradictions


def found(accession: str = "", body_part: str = "", flags: tuple[str, ...] = (), **tags: str) -> str:
    case = Case(accession=accession, body_part=body_part)
    return " ".join(contradictions(case, Image(tags=tags, flags=list(flags))))


@pytest.mark.parametrize(
    ("typed", "stated"),
    [("A-17", "A-17"), ("a-17", " A-17"), ("A 17", "A17"), ("", "A-17"), ("A-17", "")],
)
def test_accession_numbers_that_people_take_for_the_same(typed: str, stated: str) -> None:
    assert found(accession=typed, AccessionNumber=stated) == ""


def test_another_accession_number_is_told_without_repeating_it() -> None:
    told = found(accession="ACC-TYPED", AccessionNumber="ACC-OTHER")
    assert told == (
        "The file names another accession number than the case: check that it belongs to this patient."
    )


@pytest.mark.parametrize(
    ("typed", "stated"),
    [
        ("left hand", "HAND"),
        ("finger", "HAND"),
        ("hand", "THUMB"),
        ("wrist and hand", "HAND"),
        ("lower leg", "TIBIA"),
        ("hand", "EXTREMITY"),
        ("Handgelenk", "WRIST"),
        ("", "ANKLE"),
        ("hand", ""),
    ],
)
def test_body_parts_that_agree_or_cannot_be_compared(typed: str, stated: str) -> None:
    assert found(body_part=typed, BodyPartExamined=stated) == ""


def test_another_body_part_is_named() -> None:
    told = found(body_part="left hand", BodyPartExamined="ANKLE")
    assert told.startswith("The file names another body part (ankle) than the case (hand): check")


def test_a_file_without_tags_contradicts_nothing() -> None:
    assert found("A-1", "hand") == ""


def test_another_patient_is_told_and_the_same_one_is_not() -> None:
    assert "another patient" in found(flags=(OTHER,))
    assert found(flags=(SAME, "colour")) == ""


@pytest.mark.parametrize(
    ("reference", "named", "notes"),
    [
        ("PID-111", "PID-111", [SAME]),
        ("pid 111", "PID111 ", [SAME]),
        ("PID-111", "PID-777", [OTHER]),
        ("PID-111", "  ", []),
    ],
)
def test_patients_are_compared_whatever_their_case_and_blanks(
    reference: str, named: str, notes: list[str]
) -> None:
    assert compared(reference, digest_of(named)) == notes
