"""Files kept by their SHA-256 under the home folder: originals, arrays, previews, heatmaps."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from portal.errors import StorageDamaged, StorageFull
from portal.settings import MIB, Settings

SHELVES = ("originals", "arrays", "previews", "heatmaps")
ONE_BLOCK = bytes(4096)


class Storage:
    """Where image files live. A name given by a user never becomes part of a path."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.files_dir
        self.tmp_dir = settings.tmp_dir
        self.min_free_bytes = settings.min_free_mib * MIB
        for shelf in SHELVES:
            (self.root / shelf).mkdir(parents=True, exist_ok=True)
        self.tmp_dir.mkdir(parents=True, exist_ok=True)

    def path(self, shelf: str, sha256: str) -> Path:
        return self.root / shelf / sha256[:2] / sha256

    def verified(self, shelf: str, sha256: str) -> Path:
        """The path of a kept file whose bytes still have this hash; raises StorageDamaged otherwise."""
        path = self.path(shelf, sha256)
        try:
            if sha256_of(path) == sha256:
                return path
        except OSError as error:
            raise StorageDamaged("A stored file cannot be read; restore it from the backup.") from error
        raise StorageDamaged("A stored file has changed on the disk; restore it from the backup.")

    def check_shelf(self, shelf: str) -> None:
        """Raises OSError when the shelf itself fails, so that no file on it is to blame: a failing disk, a
        share that is not mounted.

        Only asked when a kept file is missed. A shelf that is empty then is not the one on which it was kept:
        a process that starts while a share is away makes the shelves anew where it was.
        """
        folder = self.root / shelf
        if not os.listdir(folder):
            raise FileNotFoundError(errno.ENOENT, "The folder of the stored files is empty")
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(ONE_BLOCK)
            file.flush()
            os.fsync(file.fileno())

    def keep(self, shelf: str, temporary: Path, sha256: str) -> None:
        """Move a finished temporary file to its shelf so that it survives a power cut; twice is harmless."""
        target = self.path(shelf, sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        sync(temporary)
        os.replace(temporary, target)
        sync(target.parent)
        sync(target.parent.parent)

    def keep_bytes(self, shelf: str, content: bytes) -> str:
        """Keep bytes made by ourselves; returns their SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        with self.temporary() as file:
            file.write(content)
        self.keep(shelf, Path(file.name), sha256)
        return sha256

    def keep_file(self, shelf: str, temporary: Path) -> str:
        """Keep a file that a decoder wrote; returns its SHA-256."""
        sha256 = sha256_of(temporary)
        self.keep(shelf, temporary, sha256)
        return sha256

    def temporary(self) -> IO[bytes]:
        """A new private file in the home's tmp folder; the caller keeps or removes it."""
        return tempfile.NamedTemporaryFile(dir=self.tmp_dir, prefix="part-", delete=False)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.root).free

    def require_space(self) -> None:
        """Raises StorageFull before anything is taken that could not be kept."""
        if self.free_bytes() < self.min_free_bytes:
            raise StorageFull("The disk is nearly full, so nothing was saved. Ask an admin to free space.")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
