"""Finds the processes that a test started, directly or not, by a mark in their environment."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

VARIABLE = "GREENSTICK_TEST_MARK"


def new_mark() -> dict[str, str]:
    """To be added to the environment of what the test starts; children inherit it."""
    return {VARIABLE: secrets.token_hex(8)}


def marked(mark: dict[str, str]) -> dict[int, str]:
    """Process id and command line of each living process with the mark."""
    wanted = f"{VARIABLE}={mark[VARIABLE]}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):  # empty for a zombie
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], object], within_s: float = 10.0) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
