"""The one that kills: picks a process at random, again and again, with a seed that can be repeated."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable

from tests.fixtures.installation import Installation
from tests.services.redis import RedisServer

PAUSE_S = (0.4, 1.6)
LONGER_THAN_A_LEASE_S = 3.5


class Nemesis:
    """`kills` counts what was done. Every victim is started again at once, as the supervisor does."""

    def __init__(self, installation: Installation, redis: RedisServer, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._installation = installation
        self._stop = threading.Event()
        self._faults: dict[str, Callable[[], None]] = {
            "inference": lambda: installation.restart("inference"),
            "inference, frozen": lambda: installation.freeze("inference", LONGER_THAN_A_LEASE_S),
            "intake": lambda: installation.restart("intake"),
            "sweeper": lambda: installation.restart("sweeper"),
            "web": lambda: installation.restart("web"),
            "redis": redis.restart,
            "redis, emptied": lambda: redis.restart(wiped=True),
            "redis, flushed": redis.wipe,
        }

    def rage(self, is_over: Callable[[], bool], at_most: int) -> None:
        """Kill until it is over, at most so often."""
        while not is_over() and self.kills.total() < at_most:
            fault = self._random.choice(sorted(self._faults))
            self._faults[fault]()
            self.kills[fault] += 1
            self._installation.revive()
            self._stop.wait(self._random.uniform(*PAUSE_S))
