"""Whether a file names the patient of its case, told without keeping whom it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SAME, OTHER = "same_patient", "other_patient"
UNKNOWN = "patient_not_compared"
"""What is noted on an image; UNKNOWN: the reference was corrected, and the file could not be opened again."""


def digest_of(name: str) -> str:
    """Equal for what people take for the same reference, whatever its case and blanks; empty for nothing.

    For comparing in passing: such a digest is guessed easily, and is never kept.
    """
    plain = plainly(name)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest() if plain else ""


def plainly(name: str) -> str:
    """Without blanks, and in one case."""
    return "".join(name.split()).casefold()


def compared(patient_ref: str, digest: str) -> list[str]:
    """What to note on an image of this case; nothing where the file names nobody."""
    if not digest:
        return []
    return [SAME if digest == digest_of(patient_ref) else OTHER]


def others(flags: Iterable[str]) -> list[str]:
    """What is noted on an image besides its patient."""
    return [flag for flag in flags if flag not in (SAME, OTHER, UNKNOWN)]


def after_correction(flags: Iterable[str], before: str, now: str) -> tuple[list[str], bool]:
    """The notes on an image once its case's reference reads `now`, and whether only the file can tell.

    What named the patient before names another one now. What named another one may name this one.
    """
    noted = list(flags)
    if plainly(before) == plainly(now):
        return noted, False
    if SAME in noted:
        return [*others(noted), OTHER], False
    return others(noted), OTHER in noted or UNKNOWN in noted
