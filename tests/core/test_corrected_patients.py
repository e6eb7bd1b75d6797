"""Whether a file names the patient, once the reference of its case was corrected."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence

import pytest
from flask import Flask

from portal.actions import file_patients, images
from portal.actions.cases import CaseForm
from portal.actions.claims import Claim
from portal.actions.corrections import correct_case
from portal.actions.events import Actor
from portal.actions.images import Decoded
from portal.db import db, transaction
from portal.file_patient import OTHER, SAME, UNKNOWN, after_correction, digest_of
from portal.models import Case, Image
from portal.queries import work
from portal.queries.contradictions import BEING_COMPARED, PATIENTS, contradictions
from tests.fixtures import rows
from tests.fixtures.moments import before_the_next_commit, start_and_see_it_wait

LEASE_S = rows.TERMS.lease_s


def opened_case(patient_ref: str, named: str) -> uuid.UUID:
    """Its file, which intake has opened, names the patient `named`."""
    rows.new_release()
    case = rows.new_case(patient_ref=patient_ref)
    (claim,) = images.claim_images(1, rows.TERMS)
    assert images.accept(claim, Decoded(rows.DECODED | {"flags": ["colour"]}, digest_of(named)))
    return case.id


def refer_to(case_id: uuid.UUID, patient_ref: str) -> None:
    version = db.session.get_one(Case, case_id, populate_existing=True).version
    correct_case(
        case_id, CaseForm(patient_ref, "", "hand", "", "routine"), version, Actor(rows.new_user().id)
    )


def image_of(case_id: uuid.UUID) -> Image:
    [image] = rows.images_of(db.session.get_one(Case, case_id))
    return image


def told(case_id: uuid.UUID) -> tuple[str, ...]:
    image = image_of(case_id)
    return contradictions(image.case, image)


@pytest.mark.parametrize(
    ("flags", "now", "noted", "must_be_opened"),
    [
        ([SAME], "P-2", [OTHER], False),
        ([OTHER], "P-2", [], True),
        ([UNKNOWN], "P-2", [], True),
        ([SAME], " p-1", [SAME], False),
        ([OTHER], "p -1", [OTHER], False),
        ([], "P-2", [], False),
        (["colour", SAME, "too_small"], "P-2", ["colour", "too_small", OTHER], False),
    ],
)
def test_what_follows_from_the_comparison_before(
    flags: Sequence[str], now: str, noted: Sequence[str], must_be_opened: bool
) -> None:
    assert after_correction(flags, "P-1", now) == (noted, must_be_opened)


def test_what_named_the_patient_before_names_another_one_now(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = opened_case("P-1", named="P-1")
        refer_to(case_id, "P-2")
        assert image_of(case_id).flags == ["colour", OTHER]
        assert told(case_id) == (PATIENTS[OTHER],)
        assert not work.is_comparison_due(LEASE_S)


@pytest.mark.parametrize(
    ("now", "note", "caution"), [("pid 777", SAME, ()), ("P-3", OTHER, (PATIENTS[OTHER],))]
)
def test_what_named_another_patient_is_opened_again(
    each_app: Flask, now: str, note: str, caution: tuple[str, ...]
) -> None:
    with each_app.app_context():
        case_id = opened_case("P-1", named="PID777")
        refer_to(case_id, now)
        assert told(case_id) == (BEING_COMPARED,), "what is not known is not claimed"
        assert work.is_intake_due(LEASE_S)
        claim = file_patients.claim_comparison(rows.TERMS)
        assert claim
        assert file_patients.claim_comparison(rows.TERMS) is None, "one worker opens it"
        assert file_patients.compare(claim, digest_of("PID777"))
        assert image_of(case_id).flags == ["colour", note]
        assert told(case_id) == caution
        assert not work.is_intake_due(LEASE_S)


def test_a_reference_corrected_while_the_file_is_opened_is_the_one_compared_with(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = opened_case("P-1", named="PID777")
        refer_to(case_id, "P-2")
        claim = file_patients.claim_comparison(rows.TERMS)
        assert claim
        refer_to(case_id, "PID777")
        assert file_patients.compare(claim, digest_of("PID777"))
        assert image_of(case_id).flags == ["colour", SAME]


def test_a_worker_that_lost_its_claim_notes_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = opened_case("P-1", named="PID777")
        refer_to(case_id, "P-2")
        lost = file_patients.claim_comparison(rows.TERMS)
        assert lost
        file_patients.put_back(lost)
        assert file_patients.claim_comparison(rows.TERMS)
        assert not file_patients.compare(lost, digest_of("P-2"))
        assert not file_patients.leave_uncompared(lost)
        assert told(case_id) == (BEING_COMPARED,)


def test_a_file_that_takes_its_worker_down_each_time_is_left_with_a_caution(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = opened_case("P-1", named="PID777")
        refer_to(case_id, "P-2")
        for _ in range(3):
            assert file_patients.leave_worn_out(3, LEASE_S) == 0
            claim = file_patients.claim_comparison(rows.TERMS)
            assert claim
            let_go(claim)
        assert file_patients.claim_comparison(rows.TERMS) is None
        assert file_patients.leave_worn_out(3, LEASE_S) == 1
        assert told(case_id) == (PATIENTS[UNKNOWN],)
        refer_to(case_id, "P-4")
        assert file_patients.claim_comparison(rows.TERMS), "another reference is another try"


def let_go(claim: Claim) -> None:
    """As when a lease ends: the try counts."""
    with transaction() as session:
        session.get_one(Image, claim.id, populate_existing=True).lease_until = None


def test_a_correction_waits_for_an_image_that_is_just_being_made_ready(each_app: Flask) -> None:
    with each_app.app_context():
        rows.new_release()
        case_id = rows.new_case(patient_ref="P-1").id
        (claim,) = images.claim_images(1, rows.TERMS)

        def correct() -> None:
            with each_app.app_context():
                refer_to(case_id, "P-2")

        other = threading.Thread(target=correct)
        with before_the_next_commit(lambda: start_and_see_it_wait(other)):
            images.accept(claim, Decoded(rows.DECODED, digest_of("P-1")))
        other.join()
        assert image_of(case_id).flags == [OTHER]
