"""Which parts of the body a text names, and whether a list of parts covers them."""

from __future__ import annotations

import re
from collections.abc import Iterable

BODY_PART_TAG = "BodyPartExamined"
SYNONYMS = {
    "thumb": "finger", "phalanx": "finger", "metacarpal": "hand", "carpal": "wrist", "scaphoid": "wrist",
    "radius": "forearm", "ulna": "forearm", "humerus": "upper arm", "collarbone": "clavicle",
    "thigh": "femur", "patella": "knee", "tibia": "leg", "fibula": "leg", "lowleg": "leg", "shin": "leg",
    "hallux": "toe", "metatarsal": "foot", "calcaneus": "foot", "heel": "foot", "feet": "foot",
}  # fmt: skip
"""DICOM's Body Part Examined names bones where staff name the part."""
PHRASES = {"upper arm": "humerus", "upper leg": "femur", "lower leg": "leg", "lower arm": "forearm"}
WIDER = {"finger": "hand", "toe": "foot"}
"""A part that is trained and judged together with the one it belongs to."""
KNOWN = {
    "finger", "hand", "wrist", "forearm", "elbow", "upper arm", "shoulder", "clavicle", "scapula", "sternum",
    "rib", "chest", "skull", "spine", "abdomen", "pelvis", "hip", "femur", "knee", "leg", "ankle", "foot",
    "toe", "jaw",
}  # fmt: skip
SAYS_NOTHING = {
    "left", "right", "l", "r", "both", "bilateral", "ap", "pa", "lateral", "oblique", "view", "views",
    "x", "ray", "rays", "xray", "plain", "of", "the", "and", "with", "a", "in", "joint", "bone",
    "extremity", "extremities", "limb", "upper", "lower", "arm", "other", "unknown",
}  # fmt: skip

OTHER, NOT_GIVEN = "other", "not given"
PARTS = (*sorted(KNOWN), OTHER, NOT_GIVEN)
"""What `part_of` may answer."""


def part_of(text: str) -> str:
    """The part under which a list finds the case: the first that the text names."""
    named = parts_named(text)
    if not named:
        return NOT_GIVEN
    return next((part for part in named if part in KNOWN), OTHER)


def parts_named(text: str) -> tuple[str, ...]:
    """The parts named in a text, without side and view; a text of unknown words names itself.

    Empty when the text is empty, or says only as much as “left extremity”.
    """
    words = _words(text)
    parts = [part for word in words if (part := _part(word))]
    if parts:
        return tuple(dict.fromkeys(parts))
    return () if SAYS_NOTHING.issuperset(words) else (" ".join(text.split()),)


def with_wider(part: str) -> tuple[str, ...]:
    """The part itself, then the one that it belongs to."""
    return (part, WIDER[part]) if part in WIDER else (part,)


def covers(covered: Iterable[str], part: str) -> bool:
    known = {named for text in covered for named in parts_named(text)}
    return any(name in known for name in with_wider(part))


def _words(text: str) -> list[str]:
    plain = " ".join(re.findall(r"[^\W\d_]+", text.casefold()))
    for phrase, word in PHRASES.items():
        plain = re.sub(rf"\b{phrase}\b", word, plain)
    return plain.split()


def _part(word: str) -> str | None:
    for form in (word, word.removesuffix("s"), word[1:] if word.endswith("spine") else word):
        part = SYNONYMS.get(form, form)
        if part in KNOWN:
            return part
    return None
