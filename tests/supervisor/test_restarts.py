"""A process that ends is started again."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from portal.supervisor.child import Backoff
from tests.processes import wait_for
from tests.supervisor.supervised import supervised


def test_killed_child_is_started_again_and_the_terminal_says_so(tmp_path: Path) -> None:
    with supervised(tmp_path, {"steady": ["sleep", "3600"]}) as running:
        (first,) = running.pids("sleep 3600")
        os.kill(first, signal.SIGKILL)
        line = running.says.readline()
        assert re.match(
            r"steady was ended by SIGKILL; starting it again in 0\.05 s \(see .*steady\.log\)", line
        )
        assert wait_for(lambda: running.pids("sleep 3600") not in ([], [first]))


def test_child_that_keeps_ending_is_started_less_and_less_often(tmp_path: Path) -> None:
    with supervised(tmp_path, {"flaky": ["sh", "-c", "exit 3"]}) as running:
        lines = [running.says.readline() for _ in range(6)]
    pauses = [re.sub(r".*again in (\S+) s .*", r"\1", line.strip()) for line in lines]
    assert pauses == ["0.05", "0.1", "0.2", "0.4", "0.4", "0.4"]
    assert "ended with exit code 3" in lines[0]


def test_child_that_was_up_for_long_enough_starts_soon_again(tmp_path: Path) -> None:
    with supervised(tmp_path, {"slow": ["sleep", "0.2"]}, healthy_after_s=0.1) as running:
        lines = [running.says.readline() for _ in range(4)]
    assert all("again in 0.05 s" in line for line in lines)


def test_backoff_as_shipped_doubles_from_half_a_second_to_thirty() -> None:
    pauses = [Backoff().pause(early_ends) for early_ends in (0, 1, 2, 3, 4, 5, 6, 7, 8, 5000)]
    assert pauses == [0.5, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_program_that_does_not_exist_is_tried_again_without_harm_to_the_others(tmp_path: Path) -> None:
    with supervised(tmp_path, {"steady": ["sleep", "3600"], "absent": ["/no/such/program"]}) as running:
        assert "absent could not be started" in running.says.readline()
        assert "absent could not be started" in running.says.readline()
        assert len(running.pids("sleep 3600")) == 1
        assert running.send(signal.SIGTERM) == 0


def test_grandchildren_of_a_killed_child_end_before_it_is_started_again(tmp_path: Path) -> None:
    script = "sleep 3601 & exec sleep 3600"
    with supervised(tmp_path, {"parent": ["sh", "-c", script]}) as running:
        assert wait_for(lambda: running.pids("sleep 3601"))
        (old,) = running.pids("sleep 3601")
        os.kill(running.pids("sleep 3600")[0], signal.SIGKILL)
        running.says.readline()
        assert wait_for(lambda: running.pids("sleep 3601") not in ([], [old]))
        assert old not in running.pids("sleep 3601")


def test_output_of_children_is_in_their_logs(tmp_path: Path) -> None:
    with supervised(tmp_path, {"talker": ["sh", "-c", "echo out; echo err >&2; exec sleep 3600"]}):
        log = tmp_path / "logs" / "talker.log"
        assert wait_for(lambda: log.read_text() == "out\nerr\n")
        assert log.stat().st_mode & 0o077 == 0


def test_idle_supervisor_costs_next_to_nothing(tmp_path: Path) -> None:
    with supervised(tmp_path, {"steady": ["sleep", "3600"]}) as running:
        before = _cpu_s(running.process.pid)
        time.sleep(2)
        assert _cpu_s(running.process.pid) - before < 0.1


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
