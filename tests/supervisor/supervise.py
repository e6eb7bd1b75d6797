"""Runs the real supervisor over cheap commands, as a process that a test can signal. See `supervised.py`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from portal.supervisor import home
from portal.supervisor.child import Backoff, Command
from portal.supervisor.guard import Guard
from portal.supervisor.signals import StopSignals
from portal.supervisor.supervisor import Supervisor


def main() -> None:
    order = json.loads(sys.argv[1])
    folder = Path(order["home"])
    (folder / "logs").mkdir(exist_ok=True)
    with StopSignals() as signals:
        try:
            lock = home.lock(folder, "http://here")
        except home.HomeInUse as refusal:
            sys.exit(refusal.message)
        commands = [
            Command(name, tuple(argv), dict(os.environ), wave)
            for wave, (name, argv) in enumerate(order["commands"].items())
        ]
        guard = Guard(keep_open=(lock,))
        Supervisor(commands, folder / "logs", guard, say, Backoff(**order["backoff"]), order["grace_s"]).run(
            signals, each_turn=once_up
        )
        guard.close()
        say("stopped")


def once_up() -> None:
    global said_up
    if not said_up:
        said_up = True
        say("up")


def say(line: str) -> None:
    print(line, flush=True)


said_up = False
main()
