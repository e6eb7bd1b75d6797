"""However the supervisor ends, nothing is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.processes import wait_for
from tests.supervisor.supervised import supervised

FAMILY = ["sh", "-c", "sleep 3601 & sh -c 'sleep 3602 & wait' & exec sleep 3600"]
STUBBORN = ["sh", "-c", "trap '' TERM; sleep 3600 & while true; do wait; done"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_to_stop_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path, {"a": FAMILY, "b": FAMILY}) as running:
        assert wait_for(lambda: len(running.pids("sleep 3602")) == 2)
        assert running.send(number) == 0
        assert running.leaves_nothing(within_s=0.5)
        assert running.says.read() == "stopped\n"


def test_interrupt_stops_it_also_as_a_background_job(tmp_path: Path) -> None:
    """A shell without job control starts background jobs with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with supervised(tmp_path, {"a": ["sleep", "3600"]}) as running:
            assert running.send(signal.SIGINT) == 0
            assert running.leaves_nothing()
    finally:
        signal.signal(signal.SIGINT, before)


def test_kill_of_the_supervisor_leaves_no_process_not_even_grandchildren(tmp_path: Path) -> None:
    with supervised(tmp_path, {"a": FAMILY, "b": STUBBORN}) as running:
        assert wait_for(lambda: running.pids("sleep 3602"))
        running.send(signal.SIGKILL)
        assert running.leaves_nothing()


def test_children_end_with_the_supervisor_even_when_the_warden_is_killed_too(tmp_path: Path) -> None:
    with supervised(tmp_path, {"a": ["sleep", "3600"]}) as running:
        (warden,) = running.wardens()
        os.kill(running.process.pid, signal.SIGSTOP)
        os.kill(warden, signal.SIGKILL)
        running.send(signal.SIGKILL)
        assert running.leaves_nothing()


def test_killed_warden_is_replaced_and_still_knows_the_processes(tmp_path: Path) -> None:
    with supervised(tmp_path, {"a": FAMILY}) as running:
        (warden,) = running.wardens()
        os.kill(warden, signal.SIGKILL)
        assert wait_for(lambda: running.wardens() not in ([], [warden]))
        running.send(signal.SIGKILL)
        assert running.leaves_nothing()


def test_processes_stop_wave_by_wave(tmp_path: Path) -> None:
    note = tmp_path / "order"
    say_goodbye = "trap 'sleep 0.2; echo {} >> " + str(note) + "; exit' TERM; echo up; sleep 3600 & wait"
    commands = {name: ["sh", "-c", say_goodbye.format(name)] for name in ("worker", "web", "redis")}
    with supervised(tmp_path, commands) as running:
        for name in commands:
            assert wait_for((tmp_path / "logs" / f"{name}.log").read_text)
        running.send(signal.SIGTERM)
    assert note.read_text().split() == ["worker", "web", "redis"]


def test_child_that_ignores_the_signal_is_killed_after_the_grace(tmp_path: Path) -> None:
    with supervised(tmp_path, {"stubborn": STUBBORN}, grace_s=0.5) as running:
        assert wait_for(lambda: running.pids("sleep 3600"))
        assert running.send(signal.SIGTERM) == 0
        assert running.leaves_nothing(within_s=0.5)


def test_second_signal_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    with supervised(tmp_path, {"stubborn": STUBBORN}, grace_s=25) as running:
        assert wait_for(lambda: running.pids("sleep 3600"))
        running.process.send_signal(signal.SIGINT)
        assert wait_for(lambda: running.process.poll() is None)
        assert running.send(signal.SIGINT) == 0
        assert running.leaves_nothing(within_s=0.5)


def test_child_that_ends_during_the_stop_is_not_started_again(tmp_path: Path) -> None:
    with supervised(tmp_path, {"first": STUBBORN, "last": ["sleep", "3605"]}, grace_s=1) as running:
        assert wait_for(lambda: running.pids("sleep 3600"))
        running.process.send_signal(signal.SIGTERM)
        os.kill(running.pids("sleep 3605")[0], signal.SIGKILL)
        assert running.process.wait(20) == 0
        assert "again" not in running.says.read()
