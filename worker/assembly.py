"""Putting a worker together: the pipeline, what it works with, and its pulse."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from flask import Flask

from portal.actions.claims import Terms
from portal.actions.workers import Sign
from portal.queries import work
from portal.queueing import Doorbell
from portal.settings import Settings
from portal.storage import Storage
from worker.pulse import Pulse, worker_name
from worker.watchdog import Watch

Drain = Callable[[], None]


def assemble(queue: str, app: Flask, stopping: threading.Event) -> tuple[Drain, Pulse]:
    """The function that empties `queue`, and the pulse of the process that does."""
    settings: Settings = app.extensions["greenstick.settings"]
    watch = Watch(settings.deadline_s, settings.stuck_after_s)
    is_due = partial(work.is_intake_due, settings.lease_s) if queue == "intake" else work.is_job_due
    pulse = Pulse(app, Sign(worker_name(queue), queue), watch, is_due)
    build = _intake if queue == "intake" else _inference
    return build(app, watch, stopping, pulse), pulse


def terms_of(settings: Settings, queue: str) -> Terms:
    return Terms(worker_name(queue), settings.lease_s, settings.deadline_s, settings.max_attempts)


def _intake(app: Flask, watch: Watch, stopping: threading.Event, pulse: Pulse) -> Drain:
    from worker.intake.decoder import Decoder
    from worker.pipeline.comparing import ComparingPipeline
    from worker.pipeline.intake import IntakePipeline

    settings: Settings = app.extensions["greenstick.settings"]
    storage: Storage = app.extensions["greenstick.storage"]
    doorbell: Doorbell = app.extensions["greenstick.doorbell"]
    terms = terms_of(settings, "intake")
    decoder = Decoder()
    intake = IntakePipeline(decoder, storage, doorbell, terms, settings.intake_parallel, watch, stopping)
    comparing = ComparingPipeline(decoder, storage, terms, watch, stopping)

    def drain() -> None:
        """What was never opened comes first."""
        intake.drain()
        comparing.drain()

    return drain


def _inference(app: Flask, watch: Watch, stopping: threading.Event, pulse: Pulse) -> Drain:
    from worker.device import choose_device, reading_threads
    from worker.pipeline.detectors import Detectors
    from worker.pipeline.inference import InferencePipeline
    from worker.vision.detector import Detector

    settings: Settings = app.extensions["greenstick.settings"]
    storage: Storage = app.extensions["greenstick.storage"]
    device = choose_device(settings.device)
    load = partial(Detector.load, device=device, threads=reading_threads(settings.cpu_threads))
    detectors = Detectors(settings.releases_dir, load)
    pulse.say("", device)
    batch_size = settings.cpu_batch if device == "cpu" else settings.gpu_batch
    terms = terms_of(settings, "inference")
    pipeline = InferencePipeline(detectors, storage, terms, batch_size, watch, stopping, pulse.say)
    with app.app_context():
        pipeline.load_active()
    return pipeline.drain
