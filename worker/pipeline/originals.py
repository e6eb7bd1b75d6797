"""Uploaded files as they were kept, and who is to blame where one is not: the file or this machine."""

from __future__ import annotations

from pathlib import Path

from portal.errors import StorageDamaged
from portal.storage import Storage


def intact_original(storage: Storage, sha256: str) -> Path:
    """The path of an uploaded file, once more looked at before it is called damaged.

    raises  StorageDamaged  when it is missing, unreadable or changed on a shelf that works
            OSError         when the shelf fails: nothing is said of the file
    """
    try:
        return storage.verified("originals", sha256)
    except StorageDamaged:
        storage.check_shelf("originals")
        return storage.verified("originals", sha256)
