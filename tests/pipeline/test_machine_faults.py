"""Faults of the machine blame no image: jobs wait untried, staff are told, and all goes on afterwards."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.actions import jobs
from portal.storage import Storage
from tests.fixtures.rows import TERMS, jobs_of
from tests.pipeline.ailing import STICKY, Gpu, Worker, bright, nothing, states_of, tries_of
from tests.pipeline.cases import case_with
from worker.pipeline.faults import TRY_AGAIN_S
from worker.vision.errors import BrokenOutput, OutOfMemory
from worker.vision.preprocess import Prepared


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


def test_worker_whose_database_failed_holds_nothing_and_need_not_end(
    app: Flask, storage: Storage, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> int:
        raise OperationalError("UPDATE job", {}, Exception("database is locked"))

    with app.app_context():
        case_with(storage, 50, 60, 70)
        worker = Worker(app, Gpu().load, batch_size=2)
        monkeypatch.setattr(jobs, "finish", locked)
        with pytest.raises(OperationalError):
            worker.drain()
        worker.now_s += 1000
        assert worker.watch.trouble(is_work_due=False) is None
