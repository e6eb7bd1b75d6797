"""The thread beside each worker: says that it lives, and ends the process when the watchdog says so."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal.actions.workers import Sign, gone, seen
from worker.watchdog import Watch

log = logging.getLogger(__name__)

BEAT_S = 5.0
EX_TROUBLE = 70


def worker_name(kind: str) -> str:
    return f"{kind}-{socket.gethostname()[:32]}-{os.getpid()}"


class Pulse:
    """Beats every few seconds. `say` changes what the health page shows of this worker."""

    def __init__(self, app: Flask, sign: Sign, watch: Watch, is_work_due: Callable[[], bool]) -> None:
        self.app, self.sign, self.watch = app, sign, watch
        self.is_work_due = is_work_due
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def say(self, trouble: str, device: str = "") -> None:
        """Report what keeps this worker from working; empty: it is ready."""
        self.sign = replace(
            self.sign, condition=trouble or "ready", is_able=not trouble, device=device or self.sign.device
        )

    def stop(self) -> None:
        """An orderly end: the worker's row goes too."""
        self._stop.set()
        self._thread.join(BEAT_S)
        with self.app.app_context():
            gone(self.sign.name)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._beat()
            self._stop.wait(BEAT_S)

    def _beat(self) -> None:
        is_due = False
        try:
            with self.app.app_context():
                seen(self.sign)
                is_due = self.is_work_due()
        except SQLAlchemyError as error:
            log.warning("no sign of life written error=%s", type(error).__name__)
        trouble = self.watch.trouble(is_due)
        if trouble:
            log.error("worker ends itself worker=%s reason=%s", self.sign.name, trouble)
            os._exit(EX_TROUBLE)
