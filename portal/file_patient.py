"""Whether a file names the patient of its case, told without keeping whom it names."""

from __future__ import annotations

import hashlib

SAME, OTHER = "same_patient", "other_patient"
"""What is noted on an image."""


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
