"""Faults of the machine blame no image: jobs wait untried, staff are told, and all goes on afterwards."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Sequence
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
from portal.models import Batch, Case
from portal.queries.releases import release_row
from portal.settings import Settings
from portal.storage import Storage
from tests.fixtures.rows import TERMS, jobs_of
from tests.pipeline.cases import case_with
from worker.pipeline.detectors import LONGEST_CONDITION, Detectors
from worker.pipeline.faults import TRY_AGAIN_S
from worker.pipeline.inference import InferencePipeline
from worker.vision.card import OperatingPoints, ReleaseCard
from worker.vision.detector import Detector, Reading
from worker.vision.errors import BadRelease, BrokenOutput, DeviceFailed, OutOfMemory
from worker.vision.preprocess import Prepared
from worker.vision.tiny import write_tiny_release
from worker.watchdog import Watch

STICKY = DeviceFailed("cuda:0: CUDA error: an illegal memory access was encountered")
Ails = Callable[[Sequence[Prepared]], Exception | None]


def nothing(_: Sequence[Prepared]) -> Exception | None:
    return None


def bright(images: Sequence[Prepared]) -> bool:
    return any(image.tensor.mean() > 0.5 for image in images)


class Gpu:
    """A device of one process. `ails` says what it raises instead of reading, `at_load` when loading."""

    def __init__(self, ails: Ails = nothing, at_load: Exception | None = None) -> None:
        self.ails, self.at_load = ails, at_load
        self.passes: list[int] = []

    def load(self, folder: Path) -> Detector:
        if self.at_load:
            raise self.at_load
        detector = OnGpu.load(folder)
        assert isinstance(detector, OnGpu)
        detector.gpu = self
        return detector


class OnGpu(Detector):
    """A real detector on that device."""

    gpu: Gpu

    def read(self, images: Sequence[Prepared]) -> list[Reading]:
        self.gpu.passes.append(len(images))
        error = self.gpu.ails(images)
        if error:
            raise error
        return super().read(images)


class Worker:
    """One process that reads; what it told last is its condition. Its clock stands still but for pauses."""

    def __init__(self, app: Flask, load: Callable[[Path], Detector], batch_size: int = 4) -> None:
        settings: Settings = app.extensions["greenstick.settings"]
        self.now_s = 0.0
        self.told: list[str] = [""]
        self.watch = Watch(120, 60)
        self.stopping = threading.Event()
        detectors = Detectors(settings.releases_dir, load, lambda: self.now_s)
        storage: Storage = app.extensions["greenstick.storage"]
        self.pipeline = InferencePipeline(
            detectors, storage, TERMS, batch_size, self.watch, self.stopping, self.told.append
        )

    def drain(self) -> None:
        self.pipeline.drain()
        assert self.watch.trouble(is_work_due=False) in (None, "the GPU failed")

    def drain_after_the_pause(self) -> None:
        self.now_s += TRY_AGAIN_S
        self.drain()

    @property
    def condition(self) -> str:
        return self.told[-1]


def tries_of(case: Case) -> list[tuple[str, int]]:
    return [(job.state, job.attempts) for job in jobs_of(case)]


def states_of(case: Case) -> set[str]:
    return {job.state for job in jobs_of(case)}


def test_gpu_that_failed_for_good_fails_no_job_and_ends_the_process(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        case = case_with(storage, 50, 60, 70, 80, 90, 100)
        worker = Worker(app, Gpu(lambda _: STICKY).load, batch_size=2)
        worker.drain()
        assert tries_of(case) == [("queued", 1)] * 2 + [("queued", 0)] * 4
        assert worker.watch.trouble(is_work_due=False) == "the GPU failed"
        assert worker.stopping.is_set()
        assert worker.condition.startswith("release tiny: the GPU failed")
        assert "nvidia-smi" in worker.condition
        Worker(app, Gpu().load).drain()
        assert states_of(case) == {"done"}


def test_gpu_still_failed_in_the_next_process_costs_no_job_a_try(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        case = case_with(storage, 50, 60)
        for _ in range(TERMS.max_attempts + 1):
            worker = Worker(app, Gpu(at_load=STICKY).load)
            worker.pipeline.load_active()
            assert worker.condition.startswith("release tiny: the GPU failed")
            assert worker.watch.trouble(is_work_due=False) == "the GPU failed"
            worker.drain()
        assert tries_of(case) == [("queued", 0)] * 2


def test_release_that_meets_a_failed_gpu_on_its_first_job_costs_it_no_try(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        case = case_with(storage, 50, 60)
        worker = Worker(app, Gpu(at_load=STICKY).load)
        worker.drain()
        assert tries_of(case) == [("queued", 0)] * 2
        assert worker.watch.trouble(is_work_due=False) == "the GPU failed"


def test_image_that_takes_the_gpu_down_each_time_is_set_aside(
    app: Flask, storage: Storage, release: Path
) -> None:
    def process() -> Worker:
        is_down = False

        def ails(images: Sequence[Prepared]) -> Exception | None:
            nonlocal is_down
            is_down = is_down or bright(images)
            return STICKY if is_down else None

        return Worker(app, Gpu(ails).load, batch_size=1)

    with app.app_context():
        case = case_with(storage, 20, 250, 30)
        for _ in range(TERMS.max_attempts):
            process().drain()
        assert tries_of(case) == [("done", 1), ("quarantined", TERMS.max_attempts), ("queued", 0)]
        process().drain()
        assert [job.state for job in jobs_of(case)] == ["done", "quarantined", "done"]


@pytest.mark.parametrize(
    "ailment",
    [OutOfMemory("no room"), MemoryError(), RuntimeError("engine"), BrokenOutput("not a number")],
    ids=lambda ailment: type(ailment).__name__,
)
def test_device_that_reads_nothing_keeps_jobs_waiting_untried_until_it_reads_again(
    app: Flask, storage: Storage, release: Path, ailment: Exception
) -> None:
    with app.app_context():
        case = case_with(storage, 50, 100, 150)
        gpu = Gpu(lambda _: ailment)
        worker = Worker(app, gpu.load, batch_size=2)
        for _ in range(TERMS.max_attempts + 1):
            worker.drain_after_the_pause()
            assert tries_of(case) == [("queued", 0)] * 3
        assert worker.condition.startswith("release tiny: ")
        assert worker.watch.trouble(is_work_due=False) is None
        gpu.ails = nothing
        worker.drain_after_the_pause()
        assert states_of(case) == {"done"}
        assert worker.condition == ""


def test_device_that_reads_nothing_is_left_alone_during_the_pause(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        case_with(storage, 50, 100)
        gpu = Gpu(lambda _: OutOfMemory("no room"))
        worker = Worker(app, gpu.load)
        worker.drain()
        assert gpu.passes == [2, 1, 1]  # the last is the self-test
        worker.drain()
        assert gpu.passes == [2, 1, 1]


def test_image_too_large_for_a_device_that_reads_others_fails_alone(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        case = case_with(storage, 20, 250, 30)
        worker = Worker(app, Gpu(lambda images: OutOfMemory("no room") if bright(images) else None).load)
        worker.drain()
        assert tries_of(case) == [("done", 1), ("failed", 1), ("done", 1)]
        assert worker.condition == ""


def test_image_that_failed_in_a_bad_moment_is_read(app: Flask, storage: Storage, release: Path) -> None:
    with app.app_context():
        case = case_with(storage, 20)
        moments = iter([RuntimeError("a bad moment")])
        Worker(app, Gpu(lambda _: next(moments, None)).load).drain()
        assert tries_of(case) == [("done", 1)]


@pytest.mark.parametrize(
    "fault",
    [OutOfMemory("no room"), MemoryError(), RuntimeError("no"), OSError(errno.EMFILE, "Too many open files")],
    ids=lambda fault: type(fault).__name__,
)
def test_machine_that_cannot_load_a_release_tries_again(
    app: Flask, storage: Storage, release: Path, fault: Exception
) -> None:
    with app.app_context():
        case = case_with(storage, 50, 100)
        gpu = Gpu(at_load=fault)
        worker = Worker(app, gpu.load)
        for _ in range(TERMS.max_attempts + 1):
            worker.drain_after_the_pause()
            assert tries_of(case) == [("queued", 0)] * 2
        assert worker.condition.startswith("release tiny: ")
        assert f"tried again every {TRY_AGAIN_S:.0f} s" in worker.condition
        gpu.at_load = None
        worker.drain_after_the_pause()
        assert states_of(case) == {"done"}
        assert worker.condition == ""


def test_worker_starts_although_the_active_release_finds_no_room(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        worker = Worker(app, Gpu(at_load=OutOfMemory("golden does not fit")).load)
        worker.pipeline.load_active()
        assert "too little free memory" in worker.condition


def test_disk_that_takes_no_heatmap_keeps_jobs_waiting_untried_until_it_does(
    app: Flask, storage: Storage, release: Path
) -> None:
    with app.app_context():
        case = case_with(storage, 50, 100, 150)
        gpu = Gpu()
        worker = Worker(app, gpu.load, batch_size=2)
        heatmaps = storage.root / "heatmaps"
        heatmaps.rmdir()
        heatmaps.touch()  # root writes where permissions forbid it, but not below a file
        for tries in range(1, TERMS.max_attempts + 2):
            worker.drain_after_the_pause()
            worker.drain()
            assert gpu.passes == [2] * tries
            assert tries_of(case) == [("queued", 0)] * 3
        assert worker.condition.startswith("release tiny: the machine's files fail (")
        assert "" not in worker.told[1:], "the trouble was told to be over while it was tried again"
        heatmaps.unlink()
        heatmaps.mkdir()
        worker.drain_after_the_pause()
        assert states_of(case) == {"done"}
        assert worker.condition == ""


def test_storage_that_is_gone_fails_no_job(app: Flask, storage: Storage, release: Path) -> None:
    with app.app_context():
        case = case_with(storage, 50, 100)
        worker = Worker(app, Gpu().load)
        arrays, elsewhere = storage.root / "arrays", storage.root / "elsewhere"
        arrays.rename(elsewhere)
        worker.drain()
        assert tries_of(case) == [("queued", 0)] * 2
        assert "the machine's files fail (No such file or directory)" in worker.condition
        elsewhere.rename(arrays)
        worker.drain_after_the_pause()
        assert states_of(case) == {"done"}


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
