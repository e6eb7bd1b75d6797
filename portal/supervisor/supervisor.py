"""The loop that keeps the processes running, and the orderly stop."""

from __future__ import annotations

import select
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from portal.supervisor.child import Backoff, Child, Command
from portal.supervisor.guard import Guard
from portal.supervisor.logs import shorten
from portal.supervisor.signals import StopSignals

TURN_S = 0.25
MEND_AFTER_EARLY_ENDS = 3
LAST_WAVES_S = 3.0  # what web and Redis get even when the workers used the whole grace


class Supervisor:
    """Starts the commands, starts again what ends, and stops everything when a signal asks for it."""

    def __init__(
        self,
        commands: Sequence[Command],
        log_folder: Path,
        guard: Guard,
        say: Callable[[str], None],
        backoff: Backoff = Backoff(),  # noqa: B008 (frozen)
        grace_s: float = 20.0,
    ) -> None:
        self._children = [
            Child(command, log_folder / f"{command.name}.log", guard, backoff) for command in commands
        ]
        self._guard = guard
        self._say = say
        self._grace_s = grace_s
        self._last_waves_s = min(grace_s, LAST_WAVES_S)

    def run(self, signals: StopSignals, each_turn: Callable[[], None] = lambda: None) -> None:
        """Returns when a signal asked to stop and nothing is left; calls `each_turn` a few times a second."""
        try:
            while not signals.stop_asked:
                self._turn()
                each_turn()
                signals.wait(TURN_S)
        finally:
            self._stop(signals)

    def _turn(self) -> None:
        self._guard.check()
        for child in self._children:
            returncode = child.reap()
            if returncode is not None:
                self._say_again(child, _how(returncode))
                self._mend(child, returncode)
            if child.is_due:
                self._start(child)
            shorten(child.log)

    def _start(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            self._say_again(child, f"could not be started ({error.strerror})")

    def _say_again(self, child: Child, what_happened: str) -> None:
        name, pause_s = child.command.name, child.pause_s
        self._say(f"{name} {what_happened}; starting it again in {pause_s:g} s (see {child.log})")

    def _mend(self, child: Child, returncode: int) -> None:
        """Only for what gave up by itself: a process that someone killed is not broken."""
        if child.command.mend and returncode > 0 and child.early_ends == MEND_AFTER_EARLY_ENDS:
            self._say(child.command.mend())

    def _stop(self, signals: StopSignals) -> None:
        deadline = time.monotonic() + self._grace_s
        for wave in sorted({child.command.wave for child in self._children}):
            children = [child for child in self._children if child.command.wave == wave]
            self._stop_wave(children, max(deadline, time.monotonic() + self._last_waves_s), signals)

    def _stop_wave(self, children: list[Child], deadline: float, signals: StopSignals) -> None:
        for child in children:
            child.ask_to_stop()
        while any(child.is_running for child in children):
            if time.monotonic() > deadline or signals.asked_twice:
                for child in children:
                    child.kill()
            for child in children:
                child.reap()
            select.select([], [], [], 0.02)


def _how(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with exit code {returncode}"
