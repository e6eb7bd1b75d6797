"""How probabilities, moments, sizes and counts are written."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Flask

from portal.models import Finding
from portal.queries.queue import in_words
from portal.services import settings

MOST_DECIMALS = 6


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        percent=percent, told=told, of_hundred=of_hundred, in_zone=in_zone, iso=iso, mebibytes=mebibytes,
        plural=plural, wait=in_words,
    )  # fmt: skip


def percent(share: float | None, decimals: int = 0) -> str:
    """0…1 as staff read it; never a false certainty at either end."""
    if share is None:
        return "–"
    least = 10.0 ** -(decimals + 2)
    if share < least:
        return f"under {least * 100:.{decimals}f} %"
    if share > 1 - least:
        return f"over {(1 - least) * 100:.{decimals}f} %"
    return f"{share * 100:.{decimals}f} %"


class ToldFinding(NamedTuple):
    probability: str
    rule_out: str
    rule_in: str


def told(finding: Finding) -> ToldFinding:
    """The probability and its two limits, with as many decimals as keep it apart from a limit beside it."""
    exact = (finding.probability, finding.rule_out, finding.rule_in)
    for decimals in range(MOST_DECIMALS + 1):
        words = ToldFinding(*(percent(share, decimals) for share in exact))
        if all((limit == words.probability) == (share == finding.probability)
               for limit, share in zip(words[1:], exact[1:], strict=True)):  # fmt: skip
            break
    return words


def of_hundred(share: float) -> str:
    """0…1 as so many of a hundred, as careful at both ends as `percent`."""
    return percent(share).removesuffix(" %")


def in_zone(moment: datetime) -> str:
    """By the department's clock; a browser shortens it."""
    return f"{moment.astimezone(settings().zone):%Y-%m-%d %H:%M %Z}"


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def mebibytes(size_bytes: int) -> str:
    if size_bytes < 1024 * 1024:
        return f"{max(1, round(size_bytes / 1024))} KiB"
    return f"{size_bytes / 1024 / 1024:.1f} MiB"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}".replace(",", "\N{NARROW NO-BREAK SPACE}")
