"""A Redis that a test may stop, kill, wipe and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.supervisor.broker import broker_url, redis_argv, redis_binary
from portal.supervisor.tether import tether

STARTS_WITHIN_S = 20.0


class RedisServer:
    """On a Unix socket in a short private folder, appending to a file as the portal's own Redis does."""

    def __init__(self) -> None:
        # Not pytest's tmp_path: a socket's path holds 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="gs-redis-"))
        self.socket = self.folder / "redis.sock"
        self.url = broker_url(self.socket)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> redis.Redis:
        """Fails at once when Redis is down."""
        return redis.Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                redis_argv(redis_binary(), self.folder, self.socket),
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=tether(),
            )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.01)

    def stop(self) -> None:
        """Orderly, as at a restart of the machine."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Connections stay open and nothing answers, until `resume`."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def restart(self, wiped: bool = False) -> None:
        """Killed and started again; `wiped` also loses all that was on disk."""
        self.kill()
        if wiped:
            self._delete_what_was_kept()
        self.start()

    def wipe(self) -> None:
        """Everything in it is gone while it runs."""
        self.client.flushall()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None

    def _delete_what_was_kept(self) -> None:
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)  # Redis 7 and later
        (self.folder / "appendonly.aof").unlink(missing_ok=True)  # Redis 6
