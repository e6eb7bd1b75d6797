"""The one ready line, against a real web server that answers as `/health` does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from portal.supervisor.readiness import Readiness, missing_parts

WELL: dict[str, object] = {"ok": True}
SICK: dict[str, object] = {"ok": False}


class Health(HTTPServer):
    status = 200
    body = b""

    def says(self, status: int, **parts: object) -> None:
        self.status, self.body = status, json.dumps(parts).encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Health

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def health() -> Iterator[Health]:
    with Health(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def lines() -> list[str]:
    return []


def check_twice(readiness: Readiness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.supervisor.readiness.ASK_EVERY_S", 0.0)
    readiness.check()
    readiness.check()


def test_ready_line_is_said_once(health: Health, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    health.says(200, database=WELL, redis=WELL, workers=WELL, disk=WELL)
    check_twice(Readiness(health.url, lines.append), monkeypatch)
    assert lines == [f"Greenstick is ready at {health.url} (sign in as admin)"]


def test_nothing_is_said_while_workers_are_starting(
    health: Health, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    health.says(503, database=WELL, redis=WELL, workers=SICK)
    check_twice(Readiness(health.url, lines.append), monkeypatch)
    assert lines == []


def test_missing_part_is_named_once_when_it_takes_too_long(
    health: Health, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    health.says(503, database=WELL, redis=SICK, workers=SICK)
    check_twice(Readiness(health.url, lines.append, late_after_s=-1), monkeypatch)
    assert lines == ["Greenstick is not ready yet; waiting for: redis, workers. The logs say more."]


def test_late_portal_still_says_when_it_is_ready(health: Health, lines: list[str]) -> None:
    health.says(503, database=SICK)
    readiness = Readiness(health.url, lines.append, late_after_s=-1)
    readiness.check()
    health.says(200, database=WELL, redis=WELL, workers=WELL)
    readiness._next_at = 0.0
    readiness.check()
    assert "ready at" in lines[1]


@pytest.mark.parametrize(
    "say",
    [
        lambda health: health.says(500),
        lambda health: setattr(health, "body", b"<html>"),
        lambda health: setattr(health, "body", b"[]"),
    ],
)
def test_answer_that_is_not_health_counts_as_not_well(health: Health, say: Callable[[Health], None]) -> None:
    say(health)
    assert missing_parts(health.url) in (["web"], ["database", "redis", "workers"])


def test_full_disk_does_not_hold_back_the_ready_line(health: Health) -> None:
    health.says(503, database=WELL, redis=WELL, workers=WELL, disk=SICK)
    assert missing_parts(health.url) == []


def test_portal_that_does_not_answer_lacks_its_web_part() -> None:
    assert missing_parts("http://127.0.0.1:9") == ["web"]
