"""One supervised process."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.supervisor.guard import Guard
from portal.supervisor.tether import tether


@dataclass(frozen=True)
class Command:
    """What to run. `name` is shown to people and names the log; waves stop one by one, the lowest first.

    `mend` is tried when the process gave up several times on its own; it tells what it did.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    wave: int = 0
    mend: Callable[[], str] | None = None


@dataclass(frozen=True)
class Backoff:
    """Seconds before a new start: `first`, doubling to `longest`; `first` again after `healthy_after` up."""

    first: float = 0.5
    longest: float = 30.0
    healthy_after: float = 60.0

    def pause(self, early_ends: int) -> float:
        """After so many ends in a row before `healthy_after`."""
        return min(self.first * 2 ** min(max(early_ends - 1, 0), 30), self.longest)


class Child:
    """A process in a session of its own, started again when it ends. Everything it starts ends with it."""

    def __init__(self, command: Command, log: Path, guard: Guard, backoff: Backoff) -> None:
        self.command = command
        self.log = log
        self.pause_s = 0.0
        self.early_ends = 0  # in a row
        self._guard = guard
        self._backoff = backoff
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._due_at = 0.0

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def is_due(self) -> bool:
        return self._process is None and time.monotonic() >= self._due_at

    def start(self) -> None:
        """Raises OSError when the program cannot be started; the next try is planned then."""
        self._started_at = time.monotonic()
        try:
            self._process = self._spawn()
        except OSError:
            self._plan_next_start()
            raise
        self._guard.began(self._process.pid)

    def reap(self) -> int | None:
        """The return code, if the process ended since the last call; kills what it left, plans the start."""
        process = self._process
        if process is None or os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        # Before the process is collected, while the number of its group cannot belong to others.
        self._signal(signal.SIGKILL)
        process.wait()
        self._guard.ended(process.pid)
        self._process = None
        self._plan_next_start()
        return process.returncode

    def ask_to_stop(self) -> None:
        """TERM to the process alone: what it started (decoders) may finish for it, and ends with it."""
        if self._process is not None:
            # Not Popen.terminate: that may collect the process, which is for `reap` to do.
            os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        if self._process is not None:
            self._signal(signal.SIGKILL)

    def _spawn(self) -> subprocess.Popen[bytes]:
        # The child writes to the file itself, so it never waits for the supervisor and the log outlives both.
        with open(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as log:
            return subprocess.Popen(
                self.command.argv,
                env=dict(self.command.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tether(),
            )

    def _plan_next_start(self) -> None:
        now = time.monotonic()
        was_healthy = now - self._started_at >= self._backoff.healthy_after
        self.early_ends = 0 if was_healthy else self.early_ends + 1
        self.pause_s = self._backoff.pause(self.early_ends)
        self._due_at = now + self.pause_s

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
