"""Outlives the supervisor by a moment, to end what a killed supervisor could not.

Run as a script with the supervisor's pipe on standard input: `+123` and `-123` name process groups that
began and ended. The pipe closes when the supervisor ends, however it ends; the groups still named are then
killed, with the grandchildren that a parent-death signal does not reach. It inherits the lock on the home
folder, so the next supervisor cannot begin before this is done.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator

GONE_WITHIN_S = 3.0


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups = groups_left(sys.stdin)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    deadline = time.monotonic() + GONE_WITHIN_S
    while time.monotonic() < deadline and anyone_alive(groups):
        time.sleep(0.01)


def groups_left(lines: Iterable[str]) -> set[int]:
    """The groups that began and did not end, once the lines end."""
    groups: set[int] = set()
    for line in lines:
        if line.startswith("+"):
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    return groups


def anyone_alive(groups: set[int]) -> bool:
    """Zombies do not count: not every init of a container collects them."""
    return any(group in groups and state != "Z" for state, group in states_and_groups())


def states_and_groups() -> Iterator[tuple[str, int]]:
    for process in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{process}/stat") as file:
            state, _, group = file.read().rpartition(") ")[2].split()[:3]
            yield state, int(group)


if __name__ == "__main__":
    main()
