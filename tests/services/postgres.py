"""A PostgreSQL cluster of our own, with a fresh database for each test."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from portal.supervisor.tether import tether
from tests.needs import postgres_binaries

STARTS_WITHIN_S = 60.0
USER = "greenstick"


class PostgresCluster:
    """On a Unix socket in a private folder; run by an unprivileged user when the tests run as root."""

    def __init__(self, durable: bool = False) -> None:
        """`durable`: wait for the disk at each commit, as in real use; for tests that crash it."""
        binaries = postgres_binaries()
        assert binaries is not None
        self._binaries = binaries
        self._owner = _unprivileged_user()
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._templates: dict[Callable[[str], None], str] = {}
        # Not pytest's tmp_path: that is closed to other users, and too long for a socket.
        self.folder = Path(tempfile.mkdtemp(prefix="gs-pg-"))
        if self._owner:
            shutil.chown(self.folder, self._owner)
        self._run(
            "initdb", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--no-locale", "--no-sync"
        )

    def start(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *(f"--{k}={v}" for k, v in settings.items())],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._owner,
                preexec_fn=tether(signal.SIGQUIT),
            )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """Orderly; open connections are cut."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """At once and without tidying up, as `pg_ctl stop -m immediate` does; the next start recovers."""
        self._end(signal.SIGQUIT)

    def restart(self) -> None:
        self.crash()
        self.start()

    def remove(self) -> None:
        self.crash()
        shutil.rmtree(self.folder)

    def fresh_database(self, prepare: Callable[[str], None] | None = None) -> str:
        """The URL of a new database. What `prepare(url)` does to one is done once and copied from then on."""
        template = "template1" if prepare is None else self._template(prepare)
        return self._create(f"test_{secrets.token_hex(6)}", template)

    def drop(self, url: str) -> None:
        name = make_url(url).database or ""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _template(self, prepare: Callable[[str], None]) -> str:
        if prepare not in self._templates:
            name = f"template_{len(self._templates)}"
            prepare(self._create(name, "template1"))
            self._templates[prepare] = name
        return self._templates[prepare]

    def _create(self, name: str, template: str) -> str:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def _execute(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user=USER, dbname="postgres", autocommit=True)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, "-D", self._data, *arguments],
            cwd=self.folder,
            user=self._owner,
            check=True,
            capture_output=True,
        )

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
