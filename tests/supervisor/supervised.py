"""The real supervisor in a process of its own, over the commands that a test names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.processes import marked, new_mark, wait_for

SCRIPT = Path(__file__).with_name("supervise.py")
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Supervised:
    process: subprocess.Popen[str]
    mark: dict[str, str]
    home: Path

    @property
    def says(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def pids(self, command: str) -> list[int]:
        """Living processes whose command line begins so."""
        return [pid for pid, line in marked(self.mark).items() if line.startswith(command)]

    def wardens(self) -> list[int]:
        return [pid for pid, line in marked(self.mark).items() if "warden.py" in line]

    def send(self, number: signal.Signals) -> int:
        """Signal the supervisor and wait for its end."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def leaves_nothing(self, within_s: float = 5.0) -> bool:
        return wait_for(lambda: not marked(self.mark), within_s)


@contextmanager
def supervised(
    home: Path,
    commands: dict[str, list[str]],
    first_pause_s: float = 0.05,
    healthy_after_s: float = 60.0,
    grace_s: float = 20.0,
) -> Iterator[Supervised]:
    """Waits until all commands were started. `sh`, `sleep` and the like will do for commands."""
    mark = new_mark()
    order = {
        "home": str(home),
        "commands": commands,
        "backoff": {"first": first_pause_s, "longest": 0.4, "healthy_after": healthy_after_s},
        "grace_s": grace_s,
    }
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), json.dumps(order)],
        env={**os.environ, **mark, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # the tests may run under nohup
    ) as process:
        running = Supervised(process, mark, home)
        try:
            while (line := running.says.readline()) != "up\n":
                assert line, "the supervisor ended before it was up"
            yield running
        finally:
            process.kill()
            for pid in marked(mark):
                os.kill(pid, signal.SIGKILL)
