"""Double reading: whom a case waits for, and what its readers' word is, from its reviews alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from portal.models import Review


class Standing(NamedTuple):
    """`awaits` and `answer` as a case has them: who is to read next, and the word of those who did."""

    awaits: str
    answer: str | None


def standing(reviews: Sequence[Review], readings: int) -> Standing:
    """Where a case stands after these reviews (oldest first), when each case is to be read `readings` times.

    Two who say the same settle it, or one when no second is asked for. Else a third resolves, who has the
    last word: whoever comes after that is kept and shown, and changes nothing.
    """
    said = counting(reviews)
    if not said:
        return Standing("first", None)
    if len(said) == 1:
        needs_second = readings > 1 or said[0].asks_second
        return Standing("second", None) if needs_second else _settled(said[0])
    if len(said) == 2:
        first, second = (review.fracture for review in said)
        return _settled(said[0]) if first == second != "unsure" else Standing("third", None)
    return _settled(said[2])


def counting(reviews: Sequence[Review]) -> list[Review]:
    """Of each reader the newest review, in the order in which the readers first spoke."""
    newest: dict[int, Review] = {}
    for review in reviews:
        newest[review.reviewer_id] = review  # a known key keeps its place
    return list(newest.values())


def _settled(review: Review) -> Standing:
    return Standing("nothing", review.fracture)
