"""Files on disk: kept under their hash, found again, and never believed without a look."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.errors import StorageDamaged, StorageFull
from portal.settings import Settings
from portal.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(Settings(home=tmp_path, min_free_mib=1))


def test_kept_bytes_are_found_under_their_hash(storage: Storage) -> None:
    sha256 = storage.keep_bytes("originals", b"an image")
    assert storage.verified("originals", sha256).read_bytes() == b"an image"
    assert storage.keep_bytes("originals", b"an image") == sha256
    assert not list(storage.tmp_dir.iterdir())


def test_changed_file_is_noticed(storage: Storage) -> None:
    sha256 = storage.keep_bytes("arrays", b"an image")
    storage.path("arrays", sha256).write_bytes(b"an imagf")
    with pytest.raises(StorageDamaged, match="changed"):
        storage.verified("arrays", sha256)


def test_missing_file_is_noticed(storage: Storage) -> None:
    with pytest.raises(StorageDamaged, match="backup"):
        storage.verified("arrays", "0" * 64)


def test_shelf_that_holds_files_and_takes_more_works(storage: Storage) -> None:
    storage.keep_bytes("originals", b"an image")
    storage.check_shelf("originals")
    assert len(list((storage.root / "originals").iterdir())) == 1


def test_shelf_that_is_away_or_was_made_anew_does_not_work(storage: Storage) -> None:
    storage.keep_bytes("originals", b"an image")
    (storage.root / "originals").rename(storage.root / "away")
    with pytest.raises(OSError, match="No such file"):
        storage.check_shelf("originals")
    (storage.root / "originals").mkdir()
    with pytest.raises(OSError, match="is empty"):
        storage.check_shelf("originals")


def test_full_disk_is_said_before_anything_is_taken(tmp_path: Path) -> None:
    storage = Storage(Settings(home=tmp_path, min_free_mib=10**9))
    with pytest.raises(StorageFull, match="nothing was saved"):
        storage.require_space()
