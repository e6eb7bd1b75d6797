"""The pre-loaded parent: a process that has imported the decoders and forks a child for each file.

It never reads a file itself. Started by the nursery with a control socket and an empty environment;
each order is one message with two descriptors, the `line` to talk on and the pipe for the child's report.
It ends, and ends its children, when the control socket is hung up.
"""

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

ORDER_BYTES = 64 * 1024
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_DUMPABLE = 4

Live = Callable[[dict[str, Any], int], NoReturn]


class Parent:
    """Forks a child that does `live` for each order on `control`."""

    def __init__(self, control: socket.socket, live: Live) -> None:
        self._control = control
        self._live = live
        self._lines: dict[int, socket.socket] = {}  # by the child's process id
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Take orders until the control socket is hung up."""
        wake_r, wake_w = socket.socketpair()
        wake_r.setblocking(False)
        wake_w.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_w.fileno(), warn_on_full_buffer=False)
        self._selector.register(wake_r, selectors.EVENT_READ, lambda: self._bury(wake_r))
        self._selector.register(self._control, selectors.EVENT_READ, self._take_order)
        while self._control.fileno() >= 0:
            for key, _ in self._selector.select():
                key.data()
        for pid in self._lines:
            _end(pid)

    def _take_order(self) -> None:
        order, descriptors, _, _ = socket.recv_fds(self._control, ORDER_BYTES, 2)
        if not order:
            self._selector.unregister(self._control)
            self._control.close()
            return
        line, report = socket.socket(fileno=descriptors[0]), descriptors[1]
        pid = os.fork()
        if pid == 0:
            self._become_child(order, report)
        os.close(report)
        self._lines[pid] = line
        self._selector.register(line, selectors.EVENT_READ, lambda: self._hung_up(pid))
        _say(line, b"started")

    def _become_child(self, order: bytes, report: int) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._live(json.loads(order), report)

    def _hung_up(self, pid: int) -> None:
        """Nobody waits for this child any more: end it; its line closes when it is buried."""
        if pid in self._lines:  # or it was buried between the event and now
            self._selector.unregister(self._lines[pid])
            _end(pid)

    def _bury(self, wake: socket.socket) -> None:
        """Tell the exit code of each child that ended; a child of a child is ended with it."""
        with suppress(BlockingIOError):
            wake.recv(4096)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                _end_group(pid)
                line = self._lines.pop(pid)
                with suppress(KeyError):
                    self._selector.unregister(line)
                _say(line, str(os.waitstatus_to_exitcode(status)).encode())
                line.close()


def _say(line: socket.socket, message: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        line.send(message)


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _end_group(pid)


def _end_group(pid: int) -> None:
    """Each child leads a process group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _leave_the_network() -> None:
    """Move into a network namespace that has no network, for all children; where the kernel allows it."""
    libc = ctypes.CDLL(None)
    if libc.unshare(CLONE_NEWNET) == 0 or libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # a new user namespace hides /proc/self from its own process


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    _leave_the_network()
    from worker.intake import child

    child.preload()
    gc.collect()
    gc.freeze()  # children share these pages; a collection in a child must not copy them
    Parent(control, child.live).serve()


if __name__ == "__main__":
    main()
