"""A worker process: `python -m worker.start intake` or `python -m worker.start inference`."""

from __future__ import annotations

import argparse
import os
import sys
import threading

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from portal.core import create_core
from portal.errors import GreenstickError
from portal.logs import log_to_stderr
from portal.queueing import TASKS, Doorbell, celery_for
from portal.settings import Settings
from worker.assembly import assemble
from worker.pulse import worker_name
from worker.tasks import register

BROKER_TIMEOUT_S = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m worker.start", description=__doc__)
    parser.add_argument("queue", choices=sorted(TASKS))
    queue = parser.parse_args().queue
    os.umask(0o077)
    log_to_stderr()
    try:
        settings = Settings.from_environment()
        app = create_core(settings)
        stopping = threading.Event()
        drain, pulse = assemble(queue, app, stopping)
    except GreenstickError as error:
        sys.exit(error.message)
    celery = celery_for(settings, BROKER_TIMEOUT_S)
    register(celery, app, queue, drain)
    pulse.start()
    try:
        consume(celery, queue, stopping, app.extensions["greenstick.doorbell"])
    finally:
        pulse.stop()


def consume(celery: Celery, queue: str, stopping: threading.Event, doorbell: Doorbell) -> None:
    """Listen to the queue until told to stop; the batch in hand is finished first."""

    @worker_ready.connect(weak=False)
    def look_for_work(**_: object) -> None:
        doorbell.ring(queue)

    @worker_shutting_down.connect(weak=False)
    def finish_batch(**_: object) -> None:
        stopping.set()

    # The threads pool stays responsive while a task runs, and leaves CUDA and ONNX Runtime in one process.
    celery.worker_main(
        ["worker", "--queues", queue, "--pool", "threads", "--concurrency", "1", "--loglevel", "INFO",
         "--hostname", f"{worker_name(queue)}@%h", "--without-gossip", "--without-mingle",
         "--without-heartbeat"]
    )  # fmt: skip


if __name__ == "__main__":
    main()
