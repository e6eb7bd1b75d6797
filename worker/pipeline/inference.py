"""Inference: claim jobs of one release, load the arrays ahead, read them in one pass, write the findings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from portal.actions import jobs
from portal.actions.claims import Claim, Terms
from portal.actions.jobs import Result
from portal.errors import StorageDamaged
from portal.queries.work import JobToRead, active_release, is_job_due, jobs_to_read
from portal.storage import Storage
from worker.pipeline.detectors import Detectors, Published
from worker.pipeline.findings import finding_of
from worker.pipeline.machine import MachineAtFault, check_machine
from worker.vision.detector import Detector, Reading
from worker.vision.errors import DeviceFailed
from worker.vision.preprocess import Prepared
from worker.watchdog import Watch

log = logging.getLogger(__name__)
T = TypeVar("T")

LOADERS = 2
UNREADABLE = "The model gave no usable answer for this image. Ask an admin to look at the worker's log."


@dataclass(frozen=True)
class Load:
    """Claimed jobs of one release whose arrays are on their way."""

    detector: Detector
    claims: dict[int, Claim]
    images: list[tuple[JobToRead, Future[Prepared]]]

    @property
    def first(self) -> JobToRead:
        return self.images[0][0]


class InferencePipeline:
    """Reads images until no job is due or it is told to stop; the next claim loads during each pass."""

    def __init__(
        self,
        detectors: Detectors,
        storage: Storage,
        terms: Terms,
        batch_size: int,
        watch: Watch,
        stopping: threading.Event,
        report: Callable[[str], None],
    ) -> None:
        self.detectors, self.storage = detectors, storage
        self.terms, self.batch_size = terms, batch_size
        self.watch, self.stopping = watch, stopping
        self.report = report

    def load_active(self) -> None:
        """The self-test at start: what is wrong with the active release is told before any job is due."""
        release = active_release()
        if release is not None:
            seal = release.card.get("seal")
            self._detector(release.id, Published(release.name, release.weights_sha256, seal))

    def drain(self) -> None:
        """What this machine is at fault for goes back to the queue; it is claimed again after a pause."""
        with ThreadPoolExecutor(LOADERS) as pool:
            try:
                self._drain(pool)
            finally:
                self.watch.nothing_claimed()  # what an error left behind goes back when its lease ends

    def _drain(self, pool: ThreadPoolExecutor) -> None:
        load = self._claim(pool)
        while load:
            ahead = self._claim(pool)
            try:
                self._read(load)
            except MachineAtFault as fault:
                self._give_back(load, ahead, fault.reason)
                ahead = None
            if ahead:
                ahead = self._renew(ahead)
            load = ahead or self._claim(pool)

    def _claim(self, pool: ThreadPoolExecutor) -> Load | None:
        """The next jobs, their arrays loading; None when nothing is due that this worker can read."""
        while not self.stopping.is_set():
            claims = jobs.claim_jobs(self.batch_size, self.terms, self.detectors.unusable())
            if not claims:
                self._forget_unasked()
                return None
            self.watch.claimed(str(claim.id) for claim in claims)
            due = jobs_to_read([claim.id for claim in claims])
            first = due[0]
            release = Published(first.release_name, first.weights_sha256, first.card_seal)
            detector = self._detector(first.release_id, release)
            if detector is not None:
                images = [(job, pool.submit(self._prepare, detector, job)) for job in due]
                return Load(detector, {claim.id: claim for claim in claims}, images)
            self._put_back(claims, is_worker_at_fault=True)
        return None

    def _detector(self, release_id: int, release: Published) -> Detector | None:
        """None when the release, or this machine, is not fit to read with it; that is told then."""
        try:
            return self.detectors.get(release)
        except Exception as error:
            self._refuse(release_id, release.name, error)
            return None

    def _refuse(self, release_id: int, name: str, reason: Exception) -> None:
        self.detectors.refuse(release_id, name, reason)
        self.report(self.detectors.trouble())
        if isinstance(reason, DeviceFailed):
            self.stopping.set()
            self.watch.give_up("the GPU failed")

    def _forget_unasked(self) -> None:
        """A refused release that no job waits for is no trouble any more, unless it is the active one."""
        if self.detectors.trouble() and not is_job_due():
            active = active_release()
            self.detectors.forget_all_but(active.id if active else None)
            self.report(self.detectors.trouble())

    def _prepare(self, detector: Detector, job: JobToRead) -> Prepared:
        """In a pool thread: files only, no database."""
        path = self.storage.verified("arrays", job.array_sha256)
        return detector.prepare(np.load(path, allow_pickle=False), job.low, job.high)

    def _renew(self, load: Load) -> Load | None:
        """Keep what is still ours after a pass."""
        held = {claim.id: claim for claim in jobs.renew(list(load.claims.values()), self.terms)}
        self._end_watch([claim for id, claim in load.claims.items() if id not in held])
        images = [(job, prepared) for job, prepared in load.images if job.id in held]
        return Load(load.detector, held, images) if held else None

    def _give_back(self, load: Load, ahead: Load | None, reason: Exception) -> None:
        """Untried, but for a batch under which the GPU failed: one of its images may do that each time."""
        self._put_back(load.claims.values(), is_worker_at_fault=not isinstance(reason, DeviceFailed))
        if ahead:
            self._put_back(ahead.claims.values(), is_worker_at_fault=True)
        self._refuse(load.first.release_id, load.first.release_name, reason)

    def _put_back(self, claims: Collection[Claim], is_worker_at_fault: bool) -> None:
        """Jobs of these that were failed meanwhile stay so."""
        self._end_watch(claims)
        jobs.put_back(list(claims), self.terms.max_attempts, is_worker_at_fault)

    def _read(self, load: Load) -> None:
        """Raises MachineAtFault when no image is to blame that this batch has no findings."""
        ready = self._loaded(load)
        readings = self._readings(load, ready) if ready else []
        try:
            results = [
                Result(load.claims[job.id], finding_of(reading, job, load.detector, self.storage))
                for (job, _), reading in zip(ready, readings, strict=True)
                if reading is not None
            ]
        except (OSError, MemoryError) as error:  # a heatmap could not be kept
            raise MachineAtFault(error) from error
        if results:
            jobs.finish(results)
        self._end_watch(load.claims.values())
        self.detectors.mended(load.first.release_id)
        self.report(self.detectors.trouble())

    def _loaded(self, load: Load) -> list[tuple[JobToRead, Prepared]]:
        """The images that could be loaded; the others' jobs fail with the reason."""
        ready = []
        for job, coming in load.images:
            try:
                prepared: Prepared | None = coming.result()
            except Exception as error:
                log.warning("not prepared job=%s error=%s", job.id, type(error).__name__)
                prepared = self._once_more(load, job, partial(self._prepare, load.detector, job))
            if prepared is not None:
                ready.append((job, prepared))
        return ready

    def _readings(self, load: Load, images: Sequence[tuple[JobToRead, Prepared]]) -> list[Reading | None]:
        """One reading per image, None where there is none because its job failed.

        A pass that fails is halved until it is one image's, so that images which do not fit together are
        read apart and an image that the model cannot read fails alone.
        """
        try:
            return list(load.detector.read([prepared for _, prepared in images]))
        except Exception as error:
            log.warning("pass failed images=%s error=%s", len(images), type(error).__name__)
        if len(images) > 1:
            middle = (len(images) + 1) // 2
            return self._readings(load, images[:middle]) + self._readings(load, images[middle:])
        [(job, prepared)] = images
        return [self._once_more(load, job, lambda: load.detector.read([prepared])[0])]

    def _once_more(self, load: Load, job: JobToRead, attempt: Callable[[], T]) -> T | None:
        """Try again what failed for one image alone; None, and its job has failed, when it fails again.

        raises  MachineAtFault when the self-test in between fails too
        """
        check_machine(load.detector, self.storage)
        try:
            return attempt()
        except Exception as error:
            log.error("not read job=%s error=%s", job.id, type(error).__name__)
            problem = error.message if isinstance(error, StorageDamaged) else UNREADABLE
            jobs.fail(load.claims[job.id], problem)
            return None

    def _end_watch(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            self.watch.ended(str(claim.id))
