"""Who has the home folder: one supervisor at a time."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from portal.errors import GreenstickError
from portal.supervisor import folders

DYING_SUPERVISOR_S = 5.0


class HomeInUse(GreenstickError):
    """Another supervisor has this home folder."""


def lock(home: Path, url: str) -> int:
    """Take the home and hold it with the file descriptor returned. Raises HomeInUse naming the other, and
    GreenstickError when the home cannot be written.

    Waits a moment when the supervisor that has it is already dead: its warden is still ending the processes.
    """
    try:
        descriptor = os.open(home / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise folders.unusable(home, error) from error
    deadline = time.monotonic() + DYING_SUPERVISOR_S
    while not _locked(descriptor):
        pid, _, at = os.pread(descriptor, 1000, 0).decode().strip().partition(" ")
        if _is_alive(pid) or time.monotonic() > deadline:
            os.close(descriptor)
            raise HomeInUse(f"Greenstick is already running on {home} (process {pid}), at {at}")
        time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {url}\n".encode(), 0)
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    """Dead, or a zombie that its parent has not noticed yet, is not alive."""
    try:
        return pid.isdigit() and ") Z " not in Path("/proc", pid, "stat").read_text()
    except OSError:
        return False
