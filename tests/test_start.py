"""`./run` as an installation uses it: one command, one ready line, and nothing left after the stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.supervisor import folders
from tests.needs import needs_redis
from tests.processes import marked, new_mark, wait_for
from worker.vision.tiny import write_tiny_release

RUN = Path(__file__).resolve().parents[1] / "run"
READY = re.compile(r"Greenstick is ready at (http://127\.0\.0\.1:\d+) \(sign in as admin\)\n")


@dataclass
class Portal:
    process: subprocess.Popen[str]
    mark: dict[str, str]
    lines: list[str]

    def ready_url(self) -> str:
        """Reads the terminal up to the ready line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            ready = READY.fullmatch(line)
            if ready:
                return ready[1]
        raise AssertionError(f"ended without a ready line: {self.lines}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def home() -> Iterator[Path]:
    """Not in tmp_path, which may be too long for a socket; that has a test of its own."""
    with tempfile.TemporaryDirectory(prefix="gs-") as folder:
        yield Path(folder) / "home"


@contextmanager
def portal(home: Path, port: int | None = None, **extra: str) -> Iterator[Portal]:
    mark = new_mark()
    write_tiny_release(home / "releases" / "tiny")
    with subprocess.Popen(
        [RUN, "portal", "--home", home, "--port", str(port or free_port())],
        env={**os.environ, **mark, **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Portal(process, mark, [])
        finally:
            process.kill()
            for pid in marked(mark):
                os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health(url: str) -> tuple[int, dict[str, object]]:
    with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
        return answer.status, json.load(answer)


@needs_redis
def test_portal_starts_answers_and_leaves_nothing(home: Path) -> None:
    with portal(home) as running:
        url = running.ready_url()
        assert health(url)[0] == 200
        assert running.stop() == 0
        assert wait_for(lambda: not marked(running.mark), within_s=1)
    assert not [path for path in home.rglob("*") if path.is_socket()]
    first_start = "".join(running.lines)
    assert "password" in first_start

    with portal(home, GREENSTICK_ADMIN_PASSWORD="not used any more") as again:
        again.ready_url()
        assert "password" not in "".join(again.lines)
        again.process.kill()
        assert wait_for(lambda: not marked(again.mark), within_s=5)


@needs_redis
def test_every_process_that_is_killed_comes_back(home: Path) -> None:
    with portal(home) as running:
        url = running.ready_url()
        before = named(running)
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        assert wait_for(lambda: named(running).keys() == before.keys(), within_s=20)
        assert wait_for(lambda: not set(named(running).values()) & set(before.values()))
        assert wait_for(lambda: is_well(url), within_s=60)
        assert running.stop() == 0


def named(running: Portal) -> dict[str, int]:
    """The processes that the supervisor started, by what they are."""
    kinds = (
        "redis-server",
        "portal.serve",
        "worker.start intake",
        "worker.start inference",
        "worker.sweeper",
    )
    children = {pid: line for pid, line in marked(running.mark).items() if parent(pid) == running.process.pid}
    return {kind: pid for pid, line in children.items() for kind in kinds if kind in line}


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


def is_well(url: str) -> bool:
    try:
        return health(url)[0] == 200
    except OSError:
        return False


@needs_redis
def test_second_start_on_the_same_home_says_where_the_first_is_and_leaves_it_alone(home: Path) -> None:
    with portal(home) as first:
        url = first.ready_url()
        with portal(home) as second:
            said = second.process.communicate()[0]
            assert second.process.returncode == 1
        assert f"already running on {home} (process {first.process.pid}), at {url}" in said
        assert health(url)[0] == 200


@needs_redis
def test_redis_that_cannot_read_what_it_kept_starts_empty(home: Path) -> None:
    with portal(home) as running:
        running.ready_url()
        running.stop()
    for kept in (home / "redis").rglob("*.aof"):
        kept.write_bytes(b"not what Redis wrote")
    with portal(home) as again:
        again.ready_url()
        assert "redis could not use what it had kept; it starts empty" in "".join(again.lines)
        assert list(home.glob("redis.unreadable-*"))


@needs_redis
def test_home_with_a_path_too_long_for_sockets_works_and_leaves_nothing(home: Path) -> None:
    long = home / ("x" * 100)
    with portal(long) as running:
        running.ready_url()
        assert folders.redis_socket(long).is_socket()
        assert running.stop() == 0
    assert not folders.scratch(long).exists()


def test_port_in_use_is_said_before_anything_starts(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with portal(home, port) as running:
            said = running.process.communicate()[0]
    assert running.process.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port} (Address already in use)" in said
    assert "choose another: ./run --port 8080" in said
    assert not (home / "portal.db").exists()


def test_folder_of_someone_else_keeps_its_scratch(home: Path) -> None:
    (home / "scratch").mkdir(parents=True)
    (home / "scratch" / "results.csv").touch()
    with portal(home) as running:
        said = running.process.communicate()[0]
    assert running.process.returncode == 1
    assert f"{home} is not empty and no home of Greenstick's: it holds 'scratch'" in said
    assert (home / "scratch" / "results.csv").exists()
    assert sorted(os.listdir(home)) == ["releases", "scratch"]


@pytest.mark.parametrize("port", ["0", "65536", "web"])
def test_port_that_is_none_is_refused(home: Path, port: str) -> None:
    done = subprocess.run([RUN, "portal", "--home", home, "--port", port], capture_output=True, text=True)
    assert done.returncode == 2
    assert "a port is a number from 1 to 65535" in done.stderr


def test_setting_that_cannot_be_understood_is_named(home: Path) -> None:
    with portal(home, GREENSTICK_LEASE_S="soon") as running:
        assert "GREENSTICK_LEASE_S" in running.process.communicate()[0]
    assert running.process.returncode == 1
