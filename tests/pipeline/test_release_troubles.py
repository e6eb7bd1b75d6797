"""What a worker says of a release that it cannot read with, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import workers
from portal.actions.batches import cancel_batch, rerun_batch
from portal.actions.events import Actor
from portal.actions.releases import publish
from portal.actions.workers import Sign
from portal.db import db
from portal.models import Batch
from portal.queries.releases import release_row
from portal.settings import Settings
from portal.storage import Storage
from tests.fixtures.rows import jobs_of
from tests.pipeline.ailing import Gpu, Worker, states_of, tries_of
from tests.pipeline.cases import case_with
from worker.pipeline.detectors import LONGEST_CONDITION, Detectors
from worker.vision.card import OperatingPoints, ReleaseCard
from worker.vision.detector import Detector
from worker.vision.errors import BadRelease, DeviceFailed
from worker.vision.tiny import write_tiny_release


class TwoReleases:
    """The active release reads new cases; `broken` is asked to read one of them again and cannot."""

    def __init__(self, app: Flask, made: Path) -> None:
        settings: Settings = app.extensions["greenstick.settings"]
        self.storage: Storage = app.extensions["greenstick.storage"]
        self.broken = publish(
            write_tiny_release(made / "broken", name="broken", seed=7), settings.releases_dir
        )
        self.is_mended = False
        self.case = case_with(self.storage, 50)
        self.worker = Worker(app, self.load)
        self.worker.drain()
        self.actor = Actor(self.case.uploaded_by_id)
        upload = db.session.scalars(select(Batch)).one()
        self.rerun = rerun_batch(upload.id, self.broken.id, "a newer model", self.actor)

    def load(self, folder: Path) -> Detector:
        if folder.name == "broken" and not self.is_mended:
            raise BadRelease("its checksum differs")
        return Detector.load(folder)

    def told_on_its_page(self) -> str:
        condition = self.worker.condition
        workers.seen(Sign("w", "inference", "cpu", condition or "ready", is_able=not condition))
        return release_row(self.broken.id).trouble


@pytest.fixture
def two(app: Flask, release: Path, tmp_path: Path) -> Iterator[TwoReleases]:
    with app.app_context():
        yield TwoReleases(app, tmp_path / "made")


def test_trouble_of_a_release_is_told_while_others_read(two: TwoReleases) -> None:
    two.worker.drain()
    later = case_with(two.storage, 60, 70)
    two.worker.drain()
    assert states_of(later) == {"done"}
    assert sorted(job.state for job in jobs_of(two.case)) == ["done", "queued"]
    assert two.told_on_its_page() == "its checksum differs"


def test_trouble_of_a_release_ends_when_it_reads(two: TwoReleases) -> None:
    two.worker.drain()
    two.is_mended = True
    two.worker.drain_after_the_pause()
    assert states_of(two.case) == {"done"}
    assert two.told_on_its_page() == ""


def test_trouble_of_a_release_ends_when_nobody_asks_for_it_any_more(two: TwoReleases) -> None:
    two.worker.drain()
    assert two.told_on_its_page()
    cancel_batch(two.rerun.id, two.actor)
    two.worker.drain()
    assert two.told_on_its_page() == ""


def test_trouble_of_the_active_release_stays_although_no_job_waits(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        worker = Worker(app, Gpu(at_load=BadRelease("its checksum differs")).load)
        worker.pipeline.load_active()
        worker.drain()
        assert worker.condition == "release tiny: its checksum differs"


def test_release_whose_card_was_changed_on_the_disk_reads_nothing_until_it_is_put_back(
    app: Flask, storage: Storage, release: Path, sqlite_settings: Settings
) -> None:
    """Sealed anew, as an export would, with other thresholds than the release's page shows."""
    kept = sqlite_settings.releases_dir / "tiny"
    with app.app_context():
        case = case_with(storage, 50)
        published = (kept / "card.json").read_bytes()
        replace(ReleaseCard.read(kept), operating_points=OperatingPoints(0.01, 0.02)).write(kept)
        worker = Worker(app, Detector.load)
        worker.drain()
        assert tries_of(case) == [("queued", 0)]
        assert worker.condition.startswith("release tiny: its card.json is not the one that was published")
        (kept / "card.json").write_bytes(published)
        worker.drain_after_the_pause()
        assert states_of(case) == {"done"}
        assert worker.condition == ""


def test_trouble_that_stands_longest_is_told_and_fits_the_workers_row(tmp_path: Path) -> None:
    detectors = Detectors(tmp_path, Detector.load, lambda: 0.0)
    detectors.refuse(1, "a", DeviceFailed("long " * 99))
    detectors.refuse(2, "b", MemoryError())
    detectors.refuse(1, "a", BadRelease("x" * 300))
    assert detectors.trouble() == "release a: " + "x" * (LONGEST_CONDITION - 11)
    detectors.mended(1)
    assert detectors.trouble().startswith("release b: too little free memory")
