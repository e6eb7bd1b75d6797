"""The one ready line, against a real web server that answers as `/health` does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from portal.supervisor.readiness import Readiness, missing_parts

ALL_WELL = ("database", "redis", "intake", "inference", "sweeper")


class Health(HTTPServer):
    status = 200
    body = b""
    host = ""  # the only name it answers to, if any

    def says(self, **sick: str) -> None:
        """All is well, except the parts named, each with its message."""
        parts = {part: {"ok": True, "message": ""} for part in ALL_WELL}
        parts |= {part: {"ok": False, "message": message} for part, message in sick.items()}
        self.status, self.body = 503 if sick else 200, json.dumps({"ok": not sick, "parts": parts}).encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Health

    def do_GET(self) -> None:
        if self.server.host and self.headers["Host"] != self.server.host:
            self.send_error(400, "another host")
            return
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
    health.says()
    check_twice(Readiness(health.url, lines.append), monkeypatch)
    assert lines == [f"Greenstick is ready at {health.url} (sign in as admin)"]


@pytest.mark.parametrize("part", ALL_WELL)
def test_nothing_is_said_while_a_part_is_starting(
    health: Health, lines: list[str], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    health.says(**{part: "Not there yet."})
    check_twice(Readiness(health.url, lines.append), monkeypatch)
    assert lines == []


@pytest.mark.parametrize("host", ["xray.example", ".xray.example"])
def test_portal_that_answers_to_its_name_alone_is_asked_by_it(
    health: Health, lines: list[str], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    health.says()
    health.host = "xray.example"
    check_twice(Readiness(health.url, lines.append, host=host), monkeypatch)
    assert len(lines) == 1
    assert missing_parts(health.url).keys() == {"web"}


def test_missing_parts_are_named_once_when_it_takes_too_long(
    health: Health, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    health.says(redis="Redis does not answer.", inference="No inference worker is running.")
    check_twice(Readiness(health.url, lines.append, late_after_s=-1), monkeypatch)
    assert lines == [
        "Greenstick is not ready yet and goes on trying. What is missing:"
        "\n  redis: Redis does not answer.\n  inference: No inference worker is running."
    ]


def test_late_portal_still_says_when_it_is_ready(
    health: Health, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    health.says(database="Migrating.")
    readiness = Readiness(health.url, lines.append, late_after_s=-1)
    check_twice(readiness, monkeypatch)
    health.says()
    check_twice(readiness, monkeypatch)
    assert len(lines) == 2
    assert "ready at" in lines[1]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"parts": 1}', b'{"parts": {"redis": 1}}'])
def test_answer_that_is_not_health_counts_as_none(health: Health, body: bytes) -> None:
    health.body = body
    assert missing_parts(health.url) == {"web": "The web pages do not answer."}


def test_full_disk_does_not_hold_back_the_ready_line(health: Health) -> None:
    health.says(disk="The disk is nearly full.")
    assert missing_parts(health.url) == {}


def test_portal_that_does_not_answer_lacks_its_web_part() -> None:
    assert missing_parts("http://127.0.0.1:9").keys() == {"web"}
