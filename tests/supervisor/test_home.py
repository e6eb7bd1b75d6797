"""One supervisor per home folder, and paths short enough for sockets."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from portal.errors import GreenstickError
from portal.supervisor import home
from tests.supervisor.supervised import supervised


def test_second_supervisor_on_the_same_home_names_the_first_and_leaves_it_alone(tmp_path: Path) -> None:
    with supervised(tmp_path, {"steady": ["sleep", "3600"]}) as first:
        with pytest.raises(
            home.HomeInUse, match=rf"already running .* \(process {first.process.pid}\), at http://here"
        ):
            home.lock(tmp_path, "http://there")
        assert len(first.pids("sleep 3600")) == 1
        assert first.process.poll() is None


def test_home_is_free_after_a_stop(tmp_path: Path) -> None:
    with supervised(tmp_path, {"steady": ["sleep", "3600"]}) as first:
        first.send(signal.SIGTERM)
        os.close(home.lock(tmp_path, "http://there"))


def test_home_of_a_killed_supervisor_is_free_once_its_processes_are_gone(tmp_path: Path) -> None:
    with supervised(tmp_path, {"steady": ["sh", "-c", "sleep 3601 & sleep 3600"]}) as first:
        first.process.kill()
        os.waitid(os.P_PID, first.process.pid, os.WEXITED | os.WNOWAIT)  # a zombie does not hold the home
        descriptor = home.lock(tmp_path, "http://there")
        assert first.pids("sleep") == []
        os.close(descriptor)


def test_folders_are_private(tmp_path: Path) -> None:
    home.make_folders(tmp_path / "deep" / "home")
    for folder in (tmp_path / "deep" / "home").rglob(""):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_socket_lies_in_the_home_when_its_path_is_short_enough(tmp_path: Path) -> None:
    short = Path("/srv/greenstick")
    assert home.socket_folder(short) == short / "redis"
    assert home.temporary_folder(short) == short / "tmp"


def test_home_with_a_long_path_gets_a_short_private_folder(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 90)
    folder = home.socket_folder(long)
    try:
        assert len(str(folder / "redis.sock")) < home.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert home.temporary_folder(long) == folder
        assert home.socket_folder(tmp_path / ("y" * 90)) != folder
    finally:
        for path in (folder, home.short_folder(tmp_path / ("y" * 90))):
            path.rmdir()


def test_short_folder_that_others_may_enter_is_not_used(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 90)
    folder = home.short_folder(long)
    folder.chmod(0o755)
    try:
        with pytest.raises(GreenstickError, match="must be a private folder"):
            home.socket_folder(long)
    finally:
        folder.rmdir()
