"""The watchdog: a worker that hangs, that no ring reaches any more, or whose GPU failed ends itself.

The supervisor starts it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable


class Watch:
    """Knows what is claimed since when, and how long due work has been left alone.

    Thread-safe. `clock` counts seconds and never goes back.
    """

    def __init__(
        self, deadline_s: float, stuck_after_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.deadline_s, self.stuck_after_s = deadline_s, stuck_after_s
        self._clock = clock
        self._claimed_at: dict[str, float] = {}
        self._idle_since = clock()
        self._given_up = ""
        self._lock = threading.Lock()

    def claimed(self, ids: Iterable[str]) -> None:
        with self._lock:
            now = self._clock()
            self._idle_since = now
            self._claimed_at.update(dict.fromkeys(ids, now))

    def ended(self, id: str) -> None:
        with self._lock:
            self._claimed_at.pop(id, None)
            self._idle_since = self._clock()

    def nothing_claimed(self) -> None:
        """Whatever was claimed is held no more, however that came."""
        with self._lock:
            if self._claimed_at:
                self._claimed_at.clear()
                self._idle_since = self._clock()

    def give_up(self, reason: str) -> None:
        """What went wrong can only be put right by a new process."""
        with self._lock:
            self._given_up = reason

    def trouble(self, is_work_due: bool) -> str | None:
        """Why this process must end now, or None."""
        with self._lock:
            if self._given_up:
                return self._given_up
            now = self._clock()
            if any(now - since > self.deadline_s for since in self._claimed_at.values()):
                return "a claim passed its deadline"
            if self._claimed_at or not is_work_due:
                self._idle_since = now
            elif now - self._idle_since > self.stuck_after_s:
                return "work is due and none was claimed"
            return None
