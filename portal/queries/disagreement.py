"""Whether a case's verdict fits its readers' answer, and whether they knew it when they answered."""

from __future__ import annotations

KNOWN, NEW = "known", "new"
SAYS_SO_TOO = {"yes": "fracture", "no": "no fracture"}
SAYS_THE_OPPOSITE = {"yes": "no fracture", "no": "fracture"}
"""Per answer a verdict. “Unsure” and “out of scope” have neither the same nor an opposite."""


def when_answered(answer: str | None, verdict: str | None) -> str | None:
    """`Case.differs` just after its readers answered with this verdict before them. Doubt fits any answer."""
    return KNOWN if is_opposite(answer, verdict) else None


def when_read(answer: str | None, before: str | None, verdict: str | None, differs: str | None) -> str | None:
    """`Case.differs` after a reading made the verdict what it is; the two others are of the time before it.

    Doubt is worth another look where the answer was given beside a verdict that said so too.
    """
    if verdict == before:
        return differs
    if is_opposite(answer, verdict):
        return NEW
    was_sure = differs == NEW or (before is not None and SAYS_SO_TOO.get(answer or "") == before)
    return NEW if verdict == "doubt" and was_sure else None


def is_opposite(answer: str | None, verdict: str | None) -> bool:
    return verdict is not None and SAYS_THE_OPPOSITE.get(answer or "") == verdict
