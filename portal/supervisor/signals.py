"""The signals that ask the supervisor to stop, and its sleep that they interrupt."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType, TracebackType

ASK_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While entered, signals are counted instead of obeyed; a dying child also interrupts `wait`."""

    def __init__(self) -> None:
        self._asked = 0
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> StopSignals:
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {number: signal.getsignal(number) for number in (*ASK_TO_STOP, signal.SIGCHLD)}
        for number, before in self._before.items():
            # nohup is obeyed; SIGINT is not, since every shell starts its background jobs deaf to it.
            if number != signal.SIGHUP or before is not signal.SIG_IGN:
                signal.signal(number, self._count if number in ASK_TO_STOP else _wake)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reader)
        os.close(self._writer)

    @property
    def stop_asked(self) -> bool:
        return self._asked > 0

    @property
    def asked_twice(self) -> bool:
        return self._asked > 1

    def wait(self, at_most_s: float) -> None:
        if select.select([self._reader], [], [], at_most_s)[0]:
            os.read(self._reader, 4096)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1


def _wake(number: int, frame: FrameType | None) -> None:
    """Only so that the signal is not ignored; the wakeup file descriptor does the rest."""
