"""The inference pipeline when something goes wrong: the GPU is full, the answer is no number, a file rots."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from portal.db import db
from portal.models import Case, Finding, Job
from portal.settings import Settings
from portal.storage import Storage
from tests.fixtures.rows import TERMS, jobs_of
from tests.pipeline.cases import case_with
from worker.pipeline.detectors import Detectors
from worker.pipeline.inference import InferencePipeline
from worker.vision import boxes
from worker.vision.detector import Detector, Reading
from worker.vision.errors import BrokenOutput, OutOfMemory
from worker.vision.preprocess import Prepared
from worker.watchdog import Watch


class SmallGpu(Detector):
    """A real detector on a device with room for so many images."""

    room = 2
    passes: list[int]

    def read(self, images: Sequence[Prepared]) -> list[Reading]:
        self.passes.append(len(images))
        if len(images) > self.room:
            raise OutOfMemory("no room")
        return super().read(images)


class Confused(Detector):
    """A real detector that has no number for bright images."""

    def read(self, images: Sequence[Prepared]) -> list[Reading]:
        if any(image.tensor.mean() > 0.5 for image in images):
            raise BrokenOutput("not a number")
        return super().read(images)


def drain(app: Flask, storage: Storage, detector: Detector, batch_size: int = 4) -> None:
    settings: Settings = app.extensions["greenstick.settings"]
    detectors = Detectors(settings.releases_dir, lambda _: detector)
    watch = Watch(120, 60)
    pipeline = InferencePipeline(
        detectors, storage, TERMS, batch_size, watch, threading.Event(), lambda _: None
    )
    pipeline.drain()
    assert watch.trouble(is_work_due=False) is None


def small_gpu(release: Path, room: int) -> SmallGpu:
    detector = SmallGpu.load(release)
    assert isinstance(detector, SmallGpu)
    detector.room, detector.passes = room, []
    return detector


def test_full_gpu_reads_the_batch_in_two_halves(app: Flask, storage: Storage, release: Path) -> None:
    detector = small_gpu(release, room=2)
    with app.app_context():
        case = case_with(storage, 50, 100, 150, 200)
        drain(app, storage, detector)
        assert detector.passes == [4, 2, 2]
        assert [job.state for job in jobs_of(case)] == ["done"] * 4


def test_finding_names_the_versions_of_what_made_its_answer(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        case_with(storage, 50)
        detector = Detector.load(release)
        drain(app, storage, detector)
        finding = db.session.scalars(select(Finding)).one()
        prepared_by = detector.card.preprocessing.version
        assert finding.preprocessing_version == f"{prepared_by}, boxes {boxes.VERSION}"


def test_gpu_with_room_for_one_image_reads_them_one_by_one(
    app: Flask, storage: Storage, release: Path
) -> None:
    detector = small_gpu(release, room=1)
    with app.app_context():
        case = case_with(storage, 50, 100, 150, 200)
        drain(app, storage, detector)
        assert detector.passes == [4, 2, 1, 1, 2, 1, 1]
        assert [job.state for job in jobs_of(case)] == ["done"] * 4


def test_image_without_a_usable_answer_fails_alone(app: Flask, storage: Storage, release: Path) -> None:
    with app.app_context():
        case = case_with(storage, 20, 250, 30)
        drain(app, storage, Confused.load(release))
        assert sorted(job.state for job in jobs_of(case)) == ["done", "done", "failed"]
        [failed] = [job for job in jobs_of(case) if job.state == "failed"]
        assert "no usable answer" in (failed.problem or "")
        assert db.session.get_one(Case, case.id, populate_existing=True).state == "failed"


def test_array_that_changed_on_the_disk_is_never_read(app: Flask, storage: Storage, release: Path) -> None:
    with app.app_context():
        case = case_with(storage, 20, 30)
        spoilt = jobs_of(case)[0].image.array_sha256 or ""
        with storage.path("arrays", spoilt).open("r+b") as file:
            file.seek(-1, 2)
            file.write(b"\x07")
        drain(app, storage, Detector.load(release))
        states = {job.image.array_sha256: job.state for job in jobs_of(case)}
        assert states.pop(spoilt) == "failed"
        assert list(states.values()) == ["done"]


def test_finding_names_its_maker_and_its_input(app: Flask, storage: Storage, release: Path) -> None:
    with app.app_context():
        case_with(storage, 120)
        drain(app, storage, Detector.load(release))
        [finding] = db.session.scalars(select(Finding))
        job = db.session.scalars(select(Job)).one()
        assert finding.weights_sha256 == job.release.weights_sha256
        assert finding.input_sha256 == job.image.array_sha256
        assert (finding.rule_out, finding.rule_in) == (0.35, 0.65)
        assert finding.device == "cpu"
        assert storage.verified("heatmaps", finding.heatmap_sha256 or "").exists()


def test_worker_that_is_told_to_stop_claims_nothing_more(app: Flask, storage: Storage, release: Path) -> None:
    settings: Settings = app.extensions["greenstick.settings"]
    stopping = threading.Event()
    stopping.set()
    with app.app_context():
        case = case_with(storage, 120)
        detectors = Detectors(settings.releases_dir, lambda _: Detector.load(release))
        InferencePipeline(detectors, storage, TERMS, 4, Watch(120, 60), stopping, lambda _: None).drain()
        assert [job.state for job in jobs_of(case)] == ["queued"]
