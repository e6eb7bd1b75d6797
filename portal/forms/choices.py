"""Choices of a select or of radio buttons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms.fields import SelectChoice


def choices(*pairs: tuple[object, str], any_is: str = "") -> list[SelectChoice]:
    """(value, words) pairs as options; `any_is` names the first, empty one."""
    first = [SelectChoice("", any_is)] if any_is else []
    return first + [SelectChoice(str(value), words) for value, words in pairs]


def same(values: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs for values that are their own words."""
    return [(value, value) for value in values]


def whole_or_none(text: Any) -> int | None:
    """Coerces a choice whose first option means “any”."""
    return int(text) if text not in (None, "", "None") else None
