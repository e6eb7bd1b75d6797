"""The worker's side of the pre-loaded parent: starts it, again when it died, and orders children from it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from worker.intake.ward import Ward

CHECKOUT = Path(__file__).resolve().parents[2]
# All the environment that decoders ever see: no secrets, no paths, one thread per numeric library.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
STOP_WITHIN_S = 5.0


class Nursery:
    """Owns the process `worker.intake.preloaded`. Thread-safe; the process starts with the first order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process id of the pre-loaded parent, or None while there is none."""
        return self._process.pid if self._process else None

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the pre-loaded parent ahead of the first order, which would otherwise wait for it."""
        with self._lock:
            self._running()

    def order(self, request: dict[str, Any]) -> Ward:
        """A new child working on `request`; the caller watches and closes the ward.

        raises  OSError when no pre-loaded parent can be started
        """
        line, far_line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        report_r, report_w = os.pipe()
        try:
            self._send(json.dumps(request).encode(), [far_line.fileno(), report_w])
        except BaseException:
            line.close()
            os.close(report_r)
            raise
        finally:
            far_line.close()
            os.close(report_w)
        return Ward(line, report_r)

    def close(self) -> None:
        """End the pre-loaded parent and, with it, every child."""
        with self._lock:
            self._stop()

    def bury(self) -> None:
        """Let go of a pre-loaded parent that has died; does nothing while it lives."""
        with self._lock:
            if not self.is_alive:
                self._stop()

    def _send(self, request: bytes, descriptors: list[int]) -> None:
        with self._lock:
            try:
                socket.send_fds(self._running(), [request], descriptors)
            except (BrokenPipeError, ConnectionResetError):
                self._stop()  # it died since the last order
                socket.send_fds(self._running(), [request], descriptors)

    def _running(self) -> socket.socket:
        if self._control and self.is_alive:
            return self._control
        self._stop()
        self._control, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far_end:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker.intake.preloaded", str(far_end.fileno())],
                cwd=CHECKOUT,
                env=ENVIRONMENT,
                pass_fds=[far_end.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal is the supervisor's to handle
            )
        return self._control

    def _stop(self) -> None:
        if self._control:
            self._control.close()  # the parent ends when its orders end
        if self._process:
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._control = self._process = None
