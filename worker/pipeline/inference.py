"""Inference: claim jobs of one release, load the arrays ahead, read them in one pass, write the findings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from portal.actions import jobs
from portal.actions.claims import Claim, Terms
from portal.actions.jobs import Result
from portal.errors import StorageDamaged
from portal.queries.work import JobToRead, jobs_to_read
from portal.storage import Storage
from worker.pipeline.detectors import Detectors
from worker.pipeline.findings import finding_of
from worker.vision.detector import Detector, Reading
from worker.vision.errors import BadRelease, OutOfMemory
from worker.vision.preprocess import Prepared
from worker.watchdog import Watch

log = logging.getLogger(__name__)

LOADERS = 2
UNREADABLE = "The model gave no usable answer for this image. Ask an admin to look at the worker's log."


@dataclass(frozen=True)
class Load:
    """Claimed jobs of one release whose arrays are on their way."""

    detector: Detector
    claims: dict[int, Claim]
    images: list[tuple[JobToRead, Future[Prepared]]]


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

    def drain(self) -> None:
        with ThreadPoolExecutor(LOADERS) as pool:
            load = self._claim(pool)
            while load:
                ahead = self._claim(pool)
                self._read(load)
                if ahead:
                    ahead = self._renew(ahead)
                load = ahead or self._claim(pool)

    def _claim(self, pool: ThreadPoolExecutor) -> Load | None:
        """The next jobs, their arrays loading; None when nothing is due that this worker can read."""
        while not self.stopping.is_set():
            claims = jobs.claim_jobs(self.batch_size, self.terms, self.detectors.unusable())
            if not claims:
                return None
            self.watch.claimed(str(claim.id) for claim in claims)
            due = jobs_to_read([claim.id for claim in claims])
            detector = self._detector_for(due[0], claims)
            if detector is not None:
                images = [(job, pool.submit(self._prepare, detector, job)) for job in due]
                return Load(detector, {claim.id: claim for claim in claims}, images)
        return None

    def _detector_for(self, job: JobToRead, claims: Sequence[Claim]) -> Detector | None:
        try:
            detector = self.detectors.get(job.release_id, job.release_name, job.weights_sha256)
        except BadRelease as error:
            self._end_watch(claims)
            jobs.put_back(claims, self.terms.max_attempts, is_worker_at_fault=True)
            self.report(f"release {job.release_name}: {error}"[:200])
            return None
        self.report("")
        return detector

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

    def _read(self, load: Load) -> None:
        ready = self._loaded(load)
        readings = self._pass(load, ready) if ready else []
        results = [
            Result(load.claims[job.id], finding_of(reading, job, load.detector, self.storage))
            for (job, _), reading in zip(ready, readings, strict=True)
            if reading is not None
        ]
        if results:
            jobs.finish(results)
        self._end_watch(list(load.claims.values()))

    def _loaded(self, load: Load) -> list[tuple[JobToRead, Prepared]]:
        """The images that could be loaded; the others' jobs fail with the reason."""
        ready = []
        for job, prepared in load.images:
            try:
                ready.append((job, prepared.result()))
            except StorageDamaged as error:
                jobs.fail(load.claims[job.id], error.message)
            except Exception as error:
                log.error("not prepared job=%s error=%s", job.id, type(error).__name__)
                jobs.fail(load.claims[job.id], UNREADABLE)
        return ready

    def _pass(self, load: Load, ready: Sequence[tuple[JobToRead, Prepared]]) -> list[Reading | None]:
        """One reading per image, None where there is none (its job was ended or put back).

        Out of memory: two halves once, then back to the queue. Any other failure: one by one, so that an
        image the model cannot read fails alone.
        """
        try:
            return list(load.detector.read([prepared for _, prepared in ready]))
        except OutOfMemory:
            log.warning("out of memory images=%s", len(ready))
            middle = (len(ready) + 1) // 2
            return [r for half in (ready[:middle], ready[middle:]) for r in self._half(load, half)]
        except Exception as error:
            log.error("pass failed images=%s error=%s", len(ready), type(error).__name__)
            return [self._alone(load, job, prepared) for job, prepared in ready]

    def _half(self, load: Load, half: Sequence[tuple[JobToRead, Prepared]]) -> list[Reading | None]:
        if not half:
            return []
        try:
            return list(load.detector.read([prepared for _, prepared in half]))
        except OutOfMemory:
            jobs.put_back([load.claims[job.id] for job, _ in half], self.terms.max_attempts)
            return [None] * len(half)

    def _alone(self, load: Load, job: JobToRead, prepared: Prepared) -> Reading | None:
        try:
            return load.detector.read([prepared])[0]
        except Exception as error:
            log.error("not read job=%s error=%s", job.id, type(error).__name__)
            jobs.fail(load.claims[job.id], UNREADABLE)
            return None

    def _end_watch(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self.watch.ended(str(claim.id))
