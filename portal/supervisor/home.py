"""The home folder: who has it, and the folders that must be there before anything starts."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path

from portal.errors import GreenstickError

FOLDERS = ("redis", "files", "tmp", "releases", "logs")
# sun_path holds 108 bytes with its closing zero; multiprocessing adds 33 to TMPDIR for its own sockets.
LONGEST_SOCKET_PATH = 107
LONGEST_TMPDIR = LONGEST_SOCKET_PATH - 40
DYING_SUPERVISOR_S = 5.0


class HomeInUse(GreenstickError):
    """Another supervisor has this home folder."""


def make_folders(home: Path) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FOLDERS:
        (home / name).mkdir(mode=0o700, exist_ok=True)


def lock(home: Path, url: str) -> int:
    """Take the home and hold it with the file descriptor returned. Raises HomeInUse naming the other.

    Waits a moment when the supervisor that has it is already dead: its warden is still ending the processes.
    """
    descriptor = os.open(home / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
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


def socket_folder(home: Path) -> Path:
    """Where Redis' socket lies: in the home, or in a short private folder when the home's path is long."""
    if len(os.fsencode(home / "redis" / "redis.sock")) <= LONGEST_SOCKET_PATH:
        return home / "redis"
    return short_folder(home)


def temporary_folder(home: Path) -> Path:
    """TMPDIR of the children; multiprocessing puts sockets there, so it must be short too."""
    return home / "tmp" if len(os.fsencode(home / "tmp")) <= LONGEST_TMPDIR else short_folder(home)


def short_folder(home: Path) -> Path:
    """A private folder with a short path for this home alone; raises GreenstickError if it is another's."""
    key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"greenstick-{os.getuid()}-{key}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise GreenstickError(
            f"{folder} must be a private folder of yours; choose a shorter GREENSTICK_HOME instead."
        )
    return folder
