"""The time zone whose days the department has, and whose clock it reads."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SYSTEM_ZONE = Path("/etc/localtime")


def zone_named(name: str) -> ZoneInfo | None:
    """None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def server_zone_name() -> str:
    """As browsers know it, such as Europe/Berlin; where the server does not tell, its short name."""
    set_by_hand = os.environ.get("TZ", "").removeprefix(":")
    name = set_by_hand or os.path.realpath(SYSTEM_ZONE).partition("/zoneinfo/")[2]
    return name if name and zone_named(name) else datetime.now().astimezone().tzname() or ""
