"""Places that a reader marked, as the page's drawing tool sends them: JSON in one hidden field."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

MOST_REGIONS = 20
LONGEST_TEXT = 10_000
SIDES = ("x", "y", "width", "height")
DAMAGED = "The marks on the image could not be understood. Remove them and mark again."
OUTSIDE = "A mark lies outside its image. Remove it and mark again."
TOO_MANY = f"Mark at most {MOST_REGIONS} places."

Sizes = Mapping[int, tuple[int, int]]
"""Width and height in pixels of each decoded image, by its number on the page (from 1)."""


def parse_regions(text: str, sizes: Sizes) -> list[dict[str, Any]]:
    """The regions as `Review` keeps them; raises ValueError with what to tell the reader.

    Each names an image of `sizes` and lies inside it. Nothing sent means no region.
    """
    sent = _loaded(text) if text.strip() else []
    if not isinstance(sent, list) or not all(isinstance(region, dict) for region in sent):
        raise ValueError(DAMAGED)
    if len(sent) > MOST_REGIONS:
        raise ValueError(TOO_MANY)
    return [_region(region, sizes) for region in sent]


def _loaded(text: str) -> Any:
    if len(text) > LONGEST_TEXT:
        raise ValueError(DAMAGED)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(DAMAGED) from error


def _region(sent: dict[str, Any], sizes: Sizes) -> dict[str, Any]:
    number = sent.get("image")
    if isinstance(number, bool) or not isinstance(number, int) or number not in sizes:
        raise ValueError(DAMAGED)
    x, y, width, height = (_pixels(sent.get(side)) for side in SIDES)
    width_px, height_px = sizes[number]
    if x < 0 or y < 0 or width <= 0 or height <= 0 or x + width > width_px or y + height > height_px:
        raise ValueError(OUTSIDE)
    return {"image": number, "x": x, "y": y, "width": width, "height": height}


def _pixels(value: Any) -> int | float:
    """JSON as Python reads it knows NaN, Infinity and whole numbers of any length."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(DAMAGED)
    if not math.isfinite(value) if isinstance(value, float) else abs(value) > 10**6:
        raise ValueError(DAMAGED)
    return value
