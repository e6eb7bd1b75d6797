"""Ties a child process to its parent, so that it cannot outlive it."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


def tether(last_signal: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn`: when this process ends, however it ends, the kernel sends the child `last_signal`.

    Covers the child alone, not the processes that the child starts: for those there is the warden.
    """
    parent = os.getpid()

    def in_child() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:  # the parent ended between fork and prctl
            os._exit(1)

    return in_child
