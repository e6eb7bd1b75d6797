"""Says once when the portal can be used, or what keeps it from that."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

ASK_EVERY_S = 0.25
LATE_AFTER_S = 120.0
# The supervisor's loop waits for this answer, and so would a stop.
ANSWER_WITHIN_S = 1.0
# A full disk is said on the pages; it does not keep anyone from reading.
NEEDED = ("database", "redis", "intake", "inference", "sweeper")

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Readiness:
    """Asks `/health` until the needed parts are well; says so in one line, and in one if that takes long.

    host  a name that the portal answers to, where it does not answer to every one
    """

    def __init__(
        self, url: str, say: Callable[[str], None], late_after_s: float = LATE_AFTER_S, host: str = ""
    ) -> None:
        self._url, self._host = url, host
        self._say = say
        self._late_at = time.monotonic() + late_after_s
        self._next_at = 0.0
        self._is_ready = self._was_late = False

    def check(self) -> None:
        now = time.monotonic()
        if self._is_ready or now < self._next_at:
            return
        self._next_at = now + ASK_EVERY_S
        missing = missing_parts(self._url, self._host)
        if not missing:
            self._is_ready = True
            self._say(f"Greenstick is ready at {self._url} (sign in as admin)")
        elif now > self._late_at and not self._was_late:
            self._was_late = True
            reasons = "".join(f"\n  {part}: {message}" for part, message in missing.items())
            self._say(f"Greenstick is not ready yet and goes on trying. What is missing:{reasons}")


def missing_parts(url: str, host: str = "") -> dict[str, str]:
    """The needed parts that are not well, with what the portal says of them; `web` when it says nothing."""
    parts = _parts(url, host)
    if parts is None:
        return {"web": "The web pages do not answer."}
    states = {name: parts.get(name, {}) for name in NEEDED}
    return {name: str(state.get("message", "")) for name, state in states.items() if not state.get("ok")}


def _parts(url: str, host: str) -> dict[str, dict[str, object]] | None:
    """None when nothing answers, or something that is not the portal's health."""
    try:
        parts = json.loads(_answer(f"{url}/health", host))["parts"]
        return {name: dict(state) for name, state in parts.items()}
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError, AttributeError):
        return None


def _answer(url: str, host: str) -> bytes:
    # A name with a dot before it stands for all below it, and for itself.
    asked = urllib.request.Request(url, headers={"Host": host.lstrip(".")} if host else {})
    try:
        with _direct.open(asked, timeout=ANSWER_WITHIN_S) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:  # 503 carries the same JSON
        return error.read()
