"""The pulse beside a worker: a sign of life in the database, and the end of a process that hangs."""

from __future__ import annotations

import os
import subprocess
import sys

from flask import Flask
from sqlalchemy import select

from portal.actions.workers import Sign
from portal.db import db
from portal.models import Worker
from portal.settings import PROJECT_ROOT, Settings
from tests.processes import wait_for
from worker.pulse import EX_TROUBLE, Pulse
from worker.watchdog import Watch

HANGING_WORKER = """
import time
from portal.actions.workers import Sign
from portal.core import create_core
from worker.pulse import Pulse
from worker.watchdog import Watch

watch = Watch(deadline_s=0.1, stuck_after_s=60)
watch.claimed(["a job"])
time.sleep(0.2)
Pulse(create_core(), Sign("w", "inference"), watch, lambda: False).start()
time.sleep(60)
"""


def test_process_whose_claim_passed_its_deadline_ends_itself(sqlite_settings: Settings) -> None:
    environment = {**os.environ, "GREENSTICK_HOME": str(sqlite_settings.home)}
    ended = subprocess.run(
        [sys.executable, "-c", HANGING_WORKER], cwd=PROJECT_ROOT, env=environment, timeout=40, check=False
    )
    assert ended.returncode == EX_TROUBLE


def test_worker_is_seen_while_it_lives_and_gone_after_an_orderly_end(app: Flask) -> None:
    pulse = Pulse(app, Sign("w", "inference", "cpu"), Watch(120, 60), lambda: False)
    pulse.say("release tiny: its checksum differs")
    pulse.start()

    def seen() -> Worker | None:
        with app.app_context():
            return db.session.scalars(select(Worker)).one_or_none()

    assert wait_for(seen)
    worker = seen()
    assert worker is not None
    assert (worker.is_able, worker.condition) == (False, "release tiny: its checksum differs")
    pulse.stop()
    assert seen() is None
