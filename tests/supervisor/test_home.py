"""One supervisor per home folder."""

from __future__ import annotations

import os
import signal
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


def test_home_in_which_the_lock_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "run.lock").mkdir()
    with pytest.raises(GreenstickError, match="choose another"):
        home.lock(tmp_path, "http://there")


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
