"""Which folder may be Greenstick's home: one that it used before, or one that holds nothing of others."""

from __future__ import annotations

from pathlib import Path

from portal.errors import GreenstickError

MARKS = ("run.lock", "migrate.lock")
"""Either tells that Greenstick used the folder. The second is all that a home bears which an earlier version
migrated and never supervised.
"""

OF_A_BACKUP = ("portal.db", "portal.db-wal", "portal.db-shm", "files", "releases", "secret_key")
OF_THE_DISK = "lost+found"


class ForeignHome(GreenstickError):
    """The folder holds what Greenstick did not put there and might delete."""


def make_home(home: Path) -> None:
    """Make the folder where there is none, and mark it as ours before anything else is put into it.

    `scratch` in it is emptied at each start, and `tmp` loses what is old: a folder without a mark may hold
    what a restore brings, and nothing else. Raises ForeignHome having changed nothing, or OSError.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_marked(home):
        return
    foreign = sorted(entry.name for entry in home.iterdir() if not _may_lie_there(entry))
    if foreign and not _is_marked(home):  # again: another process may have begun here meanwhile
        raise ForeignHome(
            f"{home} is not empty and no home of Greenstick's: it holds {foreign[0]!r}. Greenstick deletes "
            "files in its home, so choose an empty folder or a new one: ./run --home DIR, or "
            "GREENSTICK_HOME. Of a backup it may hold portal.db, files and releases."
        )
    (home / MARKS[0]).touch(mode=0o600)


def _is_marked(home: Path) -> bool:
    return any((home / mark).exists() for mark in MARKS)


def _may_lie_there(entry: Path) -> bool:
    return entry.name in (*OF_A_BACKUP, OF_THE_DISK) or _is_empty_tmp(entry)


def _is_empty_tmp(entry: Path) -> bool:
    """All processes make it; those of earlier versions left no mark where another machine had migrated."""
    return entry.name == "tmp" and entry.is_dir() and not any(entry.iterdir())
