"""What a reader should know before trusting a reading: of the image, and of this part of the body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.image_quality import LIMB_CUT_OFF, cautions_about
from portal.queries.body_parts import covers, parts_named, with_wider
from portal.queries.card_values import section, text, texts_of

SELDOM_FRACTURED = {"FracAtlas": ("hip", "shoulder")}
"""By data trained on: of each about ten fractured images, too few to claim anything (counted 2026-11-20)."""
LEAST_FRACTURED = 20
"""With fewer, the 95 % interval of a sensitivity near 0.9 spans more than a quarter."""


def cautions_beside(
    card: Mapping[str, Any], flags: Iterable[str], texts: Iterable[str], has_probability: bool
) -> tuple[str, ...]:
    """What stands beside an answer; without a probability only what may be wrong with the image itself.

    flags  what intake noted about the image
    """
    if not has_probability:  # of what is no limb none can be cut off
        return cautions_about(flag for flag in flags if flag != LIMB_CUT_OFF)
    return cautions_about(flags) + cautions(card, texts)


def cautions(card: Mapping[str, Any], texts: Iterable[str]) -> tuple[str, ...]:
    """One sentence for each part named in `texts` that the release was not trained on or not judged on.

    card    the release's card; entries that are missing say nothing
    texts   what the upload form and the DICOM file name as body part
    """
    named = dict.fromkeys(part for text in texts for part in parts_named(text))
    sentences = [_caution(card, part) for part in named]
    return tuple(sentence for sentence in sentences if sentence)


def _caution(card: Mapping[str, Any], part: str) -> str:
    trained_on = texts_of(card, "body_parts")
    if trained_on and not covers(trained_on, part):
        return f"This release was trained on {_listed(trained_on)}; a reading of “{part}” is outside that."
    if not _is_judged(card, part):
        return (
            f"How well this release reads “{part}” is not known: too few fractured images of it were there "
            "to train on and to judge by."
        )
    return ""


def _is_judged(card: Mapping[str, Any], part: str) -> bool:
    """By the card's own count of fractured images where it has one, else by what is known of its data."""
    counted = section(section(card, "metrics"), "body_parts")
    for name in with_wider(part):
        fractured = section(counted, name).get("fractured")
        if isinstance(fractured, int):
            return fractured >= LEAST_FRACTURED
    return part not in SELDOM_FRACTURED.get(text(section(card, "training_data").get("name")), ())


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
