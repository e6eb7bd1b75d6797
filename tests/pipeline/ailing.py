"""A device that fails as it is told to, and a worker process that reads with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask

from portal.models import Case
from portal.settings import Settings
from portal.storage import Storage
from tests.fixtures.rows import TERMS, jobs_of
from worker.pipeline.detectors import Detectors
from worker.pipeline.faults import TRY_AGAIN_S
from worker.pipeline.inference import InferencePipeline
from worker.vision.detector import Detector, Reading
from worker.vision.errors import DeviceFailed
from worker.vision.preprocess import Prepared
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
        self.watch = Watch(120, 60, lambda: self.now_s)
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
