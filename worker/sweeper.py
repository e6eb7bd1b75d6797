"""The sweeper: finds what was left behind in the database and rings again."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal.actions import batches, file_patients, images, jobs, searches, sessions, workers
from portal.actions.workers import Sign
from portal.core import create_core
from portal.errors import GreenstickError
from portal.logs import log_to_stderr
from portal.queries import work
from portal.queueing import Doorbell
from portal.settings import Settings
from worker.pulse import worker_name

log = logging.getLogger(__name__)

TIDY_EVERY_S = 60.0
TEMPORARY_KEPT_S = 6 * 3600.0
SESSIONS_KEPT_FACTOR = 2


class Sweeper:
    """One sweep is safe at any time, beside workers and beside a second sweeper."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.settings: Settings = app.extensions["greenstick.settings"]
        self.doorbell: Doorbell = app.extensions["greenstick.doorbell"]
        self.name = worker_name("sweeper")
        self._tidied_at = float("-inf")

    def sweep(self) -> None:
        with self.app.app_context():
            workers.seen(Sign(self.name, "sweeper"))
            requeued, quarantined = jobs.free_expired(self.settings.max_attempts, self.settings.lease_s)
            refused = images.refuse_worn_out(self.settings.max_attempts, self.settings.lease_s)
            uncompared = file_patients.leave_worn_out(self.settings.max_attempts, self.settings.lease_s)
            if requeued or quarantined or refused or uncompared:
                log.info("swept requeued=%s quarantined=%s refused=%s uncompared=%s",
                         requeued, quarantined, refused, uncompared)  # fmt: skip
            batches.close_finished()
            self._ring_for_due_work()
            if time.monotonic() - self._tidied_at > TIDY_EVERY_S:
                self._tidied_at = time.monotonic()
                self._tidy()

    def _ring_for_due_work(self) -> None:
        """One message per queue is enough: the worker drains until nothing is due."""
        is_due = {"intake": work.is_intake_due(self.settings.lease_s), "inference": work.is_job_due()}
        for queue in is_due:
            if is_due[queue] and self.doorbell.length(queue) == 0:
                self.doorbell.ring(queue)

    def _tidy(self) -> None:
        sessions.forget_old(self.settings.session_max * SESSIONS_KEPT_FACTOR)
        searches.forget_old_searches()
        workers.forget_silent()
        remove_old_temporaries(self.settings.tmp_dir, TEMPORARY_KEPT_S)


def remove_old_temporaries(folder: Path, older_than_s: float) -> None:
    """Drop what a killed upload or decoder left; nothing younger, which may be in use."""
    for entry in folder.iterdir():
        try:
            if time.time() - entry.stat().st_mtime < older_than_s:
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        except OSError as error:
            log.warning("temporary file not removed error=%s", type(error).__name__)


def main() -> None:
    os.umask(0o077)
    log_to_stderr()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        sweeper = Sweeper(create_core())
    except GreenstickError as error:
        sys.exit(error.message)
    while not stopping.is_set():
        try:
            sweeper.sweep()
        except SQLAlchemyError as error:
            log.error("sweep failed error=%s", type(error).__name__)
        stopping.wait(sweeper.settings.sweep_s)


if __name__ == "__main__":
    main()
