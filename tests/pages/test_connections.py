"""Many open connections to the real web server."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import requests

from tests.fixtures.installation import Installation
from tests.processes import wait_for

REQUEST = b"GET /login HTTP/1.1\r\nHost: here\r\n\r\n"


def test_connections_that_others_keep_open_do_not_shut_anyone_out(tmp_path: Path) -> None:
    home = tmp_path / "home"
    web = Installation(home, f"unix://{home}/nobody.sock")
    web.start("web")
    try:
        assert wait_for(lambda: answers(web.url), 30), web.log("web")
        with ExitStack() as kept:
            for _ in range(300):
                connection = kept.enter_context(socket.create_connection(("127.0.0.1", web.port), 20))
                connection.sendall(REQUEST)
                assert connection.recv(20).startswith(b"HTTP/1.1 200")
            assert answers(web.url)
    finally:
        web.stop()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/login", timeout=5).status_code == 200
    except requests.RequestException:
        return False
