"""One running child as the worker sees it: its report, its end, and the wall clock it is held to."""

import os
import select
import socket
import time
from contextlib import suppress
from dataclasses import dataclass

from worker.intake.limits import REPORT_BYTES

MESSAGE_BYTES = 64
STARTED = b"started"  # the first message on a line; the second is the exit code
KILL_WITHIN_S = 5.0
START_WITHIN_S = 60.0  # the pre-loaded parent may just be starting, on a busy machine


class ParentLost(Exception):
    """The pre-loaded parent ended, or never answered, before the child's end was told."""


class NeverStarted(ParentLost):
    """It did not even fork the child: this has nothing to do with the file."""


class OutOfTime(Exception):
    """The child did not end within its wall time; it is killed when the ward is closed."""


@dataclass(frozen=True)
class Outcome:
    exit_code: int  # negative: minus the signal that ended it
    report: bytes  # at most REPORT_BYTES, and one more when the child wrote too much


class Ward:
    """Watches one child over two descriptors.

    line    from the pre-loaded parent: a message when the child starts and one when it ends.
            Hanging up, or dying, makes the parent kill the child.
    report  from the child itself, not trusted.
    """

    def __init__(self, line: socket.socket, report: int) -> None:
        self._line = line
        self._report = report
        self._has_ended = False

    def __enter__(self) -> "Ward":
        return self

    def __exit__(self, *_: object) -> None:
        """Returns when the child is gone, so that it cannot write any more."""
        if not self._has_ended:
            self._kill()
        self._line.close()
        os.close(self._report)

    def outcome(self, wall_s: float) -> Outcome:
        """Wait for the child's end.

        raises  OutOfTime, ParentLost, NeverStarted
        """
        self._line.settimeout(START_WITHIN_S)
        try:
            self._message()  # the child starts: its time runs from here
        except ParentLost:
            raise NeverStarted from None
        deadline = time.monotonic() + wall_s
        report, is_open = b"", True
        while self._line.fileno() not in (ready := self._wait(deadline, reading=is_open)):
            piece = os.read(ready[0], REPORT_BYTES + 1 - len(report))
            report += piece
            is_open = bool(piece) and len(report) <= REPORT_BYTES
        exit_code = int(self._message())
        self._has_ended = True
        return Outcome(exit_code, report + self._left_in_pipe(REPORT_BYTES + 1 - len(report)))

    def _kill(self) -> None:
        """Hang up our half of the line, and wait for the other half to tell the end or to break."""
        self._line.settimeout(KILL_WITHIN_S)
        with suppress(OSError, ParentLost):
            self._line.shutdown(socket.SHUT_WR)
            while not self._has_ended:
                self._has_ended = self._message() != STARTED

    def _wait(self, deadline: float, *, reading: bool) -> list[int]:
        """The descriptors with something to say: the line, and the report while it is being read."""
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        if reading:
            poll.register(self._report, select.POLLIN)
        remaining_ms = max(0.0, deadline - time.monotonic()) * 1000
        ready = [descriptor for descriptor, _ in poll.poll(remaining_ms)]
        if not ready:
            raise OutOfTime
        return ready

    def _message(self) -> bytes:
        try:
            message = self._line.recv(MESSAGE_BYTES)
        except (TimeoutError, ConnectionResetError):
            raise ParentLost from None
        if not message:
            raise ParentLost
        return message

    def _left_in_pipe(self, limit_bytes: int) -> bytes:
        """What an ended child wrote and nobody read yet; a grandchild may still hold the other end open."""
        os.set_blocking(self._report, False)
        rest = b""
        try:
            while len(rest) < limit_bytes and (piece := os.read(self._report, limit_bytes - len(rest))):
                rest += piece
        except BlockingIOError:
            pass
        return rest
