"""Opening a file again after its case's reference was corrected, by the real decoder."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.actions.cases import CaseForm
from portal.actions.corrections import correct_case
from portal.actions.events import Actor
from portal.db import db
from portal.file_patient import OTHER, SAME, UNKNOWN
from portal.models import Case
from portal.queueing import Doorbell
from portal.storage import Storage
from tests.corpus.dicom_bytes import dicom
from tests.corpus.pictures import radiograph
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from worker.intake.decoder import Decoder
from worker.pipeline.comparing import ComparingPipeline
from worker.pipeline.intake import IntakePipeline
from worker.watchdog import Watch

NAMED = "PID-777"


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as made:
        yield made


@pytest.fixture
def watch() -> Watch:
    return Watch(120, 60)


@pytest.fixture
def comparing(decoder: Decoder, storage: Storage, watch: Watch) -> ComparingPipeline:
    return ComparingPipeline(decoder, storage, rows.TERMS, watch, threading.Event())


@pytest.fixture
def case_id(app: Flask, decoder: Decoder, storage: Storage, watch: Watch) -> uuid.UUID:
    """Of P-1, two images whose files name someone else; intake has opened them."""
    doorbell: Doorbell = RecordingDoorbell()
    with app.app_context():
        rows.new_release()
        files = [
            rows.received_file(sha256=storage.keep_bytes("originals", content), kind="dicom")
            for content in (dicom(radiograph(300, 400), _00100020=NAMED), dicom(_00100020=NAMED))
        ]
        case = rows.new_case(files=files)
        IntakePipeline(decoder, storage, doorbell, rows.TERMS, 2, watch, threading.Event()).drain()
        assert patients(case.id) == [[OTHER], [OTHER]]
        return case.id


def refer_to(case_id: uuid.UUID, patient_ref: str) -> None:
    correct_case(case_id, CaseForm(patient_ref, "", "hand", "", "routine"), 0, Actor(rows.new_user().id))


def patients(case_id: uuid.UUID) -> list[list[str]]:
    """What is noted of each image's patient."""
    case = db.session.get_one(Case, case_id)
    return [[flag for flag in image.flags if "patient" in flag] for image in rows.images_of(case)]


def test_a_file_that_names_the_corrected_patient_is_known_to(
    app: Flask, case_id: uuid.UUID, comparing: ComparingPipeline, storage: Storage
) -> None:
    with app.app_context():
        before = [image.array_sha256 for image in rows.images_of(db.session.get_one(Case, case_id))]
        refer_to(case_id, "pid-777")
        comparing.drain()
        assert patients(case_id) == [[SAME], [SAME]]
        after = [image.array_sha256 for image in rows.images_of(db.session.get_one(Case, case_id))]
        assert after == before, "what is read stays"
    assert list(storage.tmp_dir.iterdir()) == []


def test_a_file_that_cannot_be_opened_again_is_said_not_to_be_compared(
    app: Flask, case_id: uuid.UUID, comparing: ComparingPipeline, storage: Storage
) -> None:
    with app.app_context():
        first, _ = rows.images_of(db.session.get_one(Case, case_id))
        overwritten(storage.path("originals", first.sha256))
        refer_to(case_id, NAMED)
        comparing.drain()
        assert patients(case_id) == [[UNKNOWN], [SAME]]


def overwritten(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"damaged")


def test_a_machine_at_fault_leaves_it_for_later(
    app: Flask, case_id: uuid.UUID, comparing: ComparingPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with app.app_context():
        refer_to(case_id, NAMED)
        with monkeypatch.context() as patch:
            patch.setattr(comparing.decoder, "decode", full)
            comparing.drain()
        assert [image.attempts for image in rows.images_of(db.session.get_one(Case, case_id))] == [0, 0]
        assert patients(case_id) == [[], []]
        comparing.drain()
        assert patients(case_id) == [[SAME], [SAME]]


def test_a_file_whose_shelf_is_away_is_left_for_later(
    app: Flask, case_id: uuid.UUID, comparing: ComparingPipeline, storage: Storage
) -> None:
    with app.app_context():
        refer_to(case_id, NAMED)
        shelf, away = storage.root / "originals", storage.root / "away"
        shelf.rename(away)
        comparing.drain()
        assert patients(case_id) == [[], []]
        away.rename(shelf)
        comparing.drain()
        assert patients(case_id) == [[SAME], [SAME]]


def test_a_decoding_that_is_killed_is_tried_again(
    app: Flask, case_id: uuid.UUID, comparing: ComparingPipeline
) -> None:
    with app.app_context(), Decoder(target="tests.intake.hostile:be_killed") as killed:
        refer_to(case_id, NAMED)
        comparing.decoder = killed
        comparing.drain()
        assert [image.attempts for image in rows.images_of(db.session.get_one(Case, case_id))] == [1, 1]
        assert patients(case_id) == [[], []]
