"""Keeps the tests on this machine: a connection to any other address is an error."""

from __future__ import annotations

import sys

LOOPBACK = ("127.", "::1", "localhost")


class LeavesThisMachine(RuntimeError):
    """A test tried to reach another machine."""


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        raise LeavesThisMachine(f"tests use no network; this one tried {address[0]}")


sys.addaudithook(_refuse)
