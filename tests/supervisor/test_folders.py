"""The folders of a home: private, and with paths short enough for sockets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.errors import GreenstickError
from portal.supervisor import folders


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield from removed_afterwards(tmp_path / "deep" / "home")


@pytest.fixture
def long_home(tmp_path: Path) -> Iterator[Path]:
    """A home whose own folders make paths too long for a socket."""
    yield from removed_afterwards(tmp_path / ("x" * 90))


def removed_afterwards(home: Path) -> Iterator[Path]:
    yield home
    if folders.scratch(home).exists():
        folders.leave_nothing(home)


def test_folders_are_private(home: Path) -> None:
    folders.make(home)
    made = [home, *(path for path in home.iterdir() if path.is_dir())]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in made} == {0o700}
    assert {folder.name for folder in made} >= {"home", "redis", "files", "tmp", "releases", "logs"}


def test_home_and_database_that_others_could_read_are_closed(home: Path) -> None:
    home.mkdir(mode=0o755, parents=True)
    (home / "portal.db").touch(mode=0o644)
    folders.make(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "portal.db").stat().st_mode) == 0o600


def test_sockets_lie_in_the_home_when_its_path_is_short() -> None:
    home = Path("/srv/greenstick")
    assert folders.redis_socket(home) == home / "redis" / "redis.sock"
    assert folders.scratch(home) == home / "scratch"


def test_home_with_a_long_path_gets_a_short_private_folder(long_home: Path) -> None:
    folders.make(long_home)
    socket = folders.redis_socket(long_home)
    assert len(str(socket)) < folders.LONGEST_SOCKET_PATH
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert folders.scratch(long_home) == socket.parent


def test_each_long_home_has_a_short_folder_of_its_own(long_home: Path) -> None:
    assert folders.scratch(long_home) != folders.scratch(long_home / "other")


def test_short_folder_that_others_may_enter_is_not_used(long_home: Path) -> None:
    folders.scratch(long_home).mkdir(mode=0o755)
    with pytest.raises(GreenstickError, match="closed to others"):
        folders.make(long_home)


def test_short_folder_that_is_a_link_is_not_used(long_home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    link = folders.scratch(long_home)
    link.symlink_to(tmp_path / "elsewhere")
    try:
        with pytest.raises(GreenstickError, match="closed to others"):
            folders.make(long_home)
    finally:
        link.unlink()


def test_home_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(GreenstickError, match="choose another"):
        folders.make(tmp_path / "home")


def test_scratch_is_emptied_and_what_links_point_to_is_kept(home: Path, tmp_path: Path) -> None:
    folders.make(home)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    scratch = folders.scratch(home)
    (scratch / "pymp-1").mkdir()
    (scratch / "pymp-1" / "listener").touch()
    (scratch / "link").symlink_to(tmp_path / "kept")
    folders.clear_scratch(home)
    assert os.listdir(scratch) == []
    assert (tmp_path / "kept" / "file").exists()


def test_after_a_stop_the_short_folder_is_gone(long_home: Path) -> None:
    folders.make(long_home)
    folders.redis_socket(long_home).touch()
    folders.leave_nothing(long_home)
    assert not folders.scratch(long_home).exists()
