"""The folders of a home, and the short path for what a long one cannot hold."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from portal.errors import GreenstickError
from portal.home_folder import make_home

DATABASE = ("portal.db", "portal.db-wal", "portal.db-shm")
FOLDERS = ("redis", "files", "tmp", "releases", "logs", "scratch")
# sun_path holds 108 bytes with its closing zero; below TMPDIR multiprocessing adds 33 for its own sockets.
LONGEST_SOCKET_PATH = 107
LONGEST_SCRATCH_PATH = LONGEST_SOCKET_PATH - 40


def make(home: Path) -> None:
    """A home closed to others, one made open too. Raises ForeignHome, or another GreenstickError when it
    cannot be written or its short folder belongs to someone else.
    """
    try:
        make_home(home)
        for folder in [home / name for name in FOLDERS] + [scratch(home)]:
            folder.mkdir(mode=0o700, exist_ok=True)
        _close_to_others(home)
    except OSError as error:
        raise unusable(home, error) from error
    _refuse_if_not_private(scratch(home))


def unusable(home: Path, error: OSError) -> GreenstickError:
    return GreenstickError(
        f"Cannot use {home} to keep everything in ({error.strerror}); choose another: ./run --home DIR"
    )


def redis_socket(home: Path) -> Path:
    socket = home / "redis" / "redis.sock"
    return socket if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH else _short(home) / "redis.sock"


def scratch(home: Path) -> Path:
    """TMPDIR of the children. multiprocessing keeps sockets there, so the path must be short, and the folder
    must not be `tmp`, from which the sweeper removes what is old.
    """
    scratch = home / "scratch"
    return scratch if len(os.fsencode(scratch)) <= LONGEST_SCRATCH_PATH else _short(home)


def clear_scratch(home: Path) -> None:
    """Drop what killed processes left. Only under the lock, when no process of this home is alive."""
    for entry in scratch(home).iterdir():
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def leave_nothing(home: Path) -> None:
    """After an orderly stop."""
    clear_scratch(home)
    redis_socket(home).unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        _short(home).rmdir()


def _short(home: Path) -> Path:
    key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"greenstick-{os.getuid()}-{key}"


def _close_to_others(home: Path) -> None:
    """A home may be older than we are, and earlier versions left a database open; what is not ours stays."""
    with suppress(PermissionError):
        home.chmod(0o700)
    for name in DATABASE:
        with suppress(PermissionError, FileNotFoundError):
            (home / name).chmod(0o600)


def _refuse_if_not_private(folder: Path) -> None:
    """In the machine's temporary folder anyone may have made one of that name first."""
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise GreenstickError(f"{folder} must be a folder of yours that is closed to others (chmod 700).")
