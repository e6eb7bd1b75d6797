"""Entries of a release's card, which comes from outside: one that is missing or odd says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def section(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    entry = card.get(name)
    return entry if isinstance(entry, dict) else {}


def texts_of(card: Mapping[str, Any], name: str) -> tuple[str, ...]:
    entry = card.get(name)
    return tuple(item for item in entry if isinstance(item, str)) if isinstance(entry, list) else ()


def words(name: str) -> str:
    """The name of an entry, as a person would write it."""
    return name.replace("_", " ").capitalize()


def text(value: Any) -> str:
    """What can be said in one line; empty for deeper entries."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str | int):
        return str(value)
    if not isinstance(value, Sequence):
        return ""
    texts = list(map(text, value))
    return (" " if all(each.endswith(".") for each in texts) else ", ").join(texts)  # sentences, or words


def number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
