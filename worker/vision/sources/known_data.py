"""Data sets that are known by the layout they come in, and what a card may therefore say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FRACATLAS, MURA = "FracAtlas", "MURA"

NOT_STATED = "not stated"
LIMBS = (
    "hand", "wrist", "forearm", "elbow", "foot", "ankle", "leg", "knee", "hip", "shoulder",
)  # fmt: skip
UNKNOWN_DATA = dict.fromkeys(("name", "licence", "attribution", "origin"), NOT_STATED)


@dataclass(frozen=True)
class KnownData:
    """Facts for people, as a card keeps them; without body parts those count that the images' rows name."""

    training_data: Mapping[str, str]
    body_parts: tuple[str, ...] = ()


KNOWN_DATA = {
    FRACATLAS: KnownData(
        {
            "name": FRACATLAS,
            "licence": "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)",
            "attribution": "FracAtlas, (c) I. Abedeen, M. A. Rahman, F. Z. Prottyasha, T. Ahmed,"
            " T. M. Chowdhury, S. Shatabda, CC BY 4.0. Data doi:10.6084/m9.figshare.22363012."
            " Paper: Sci Data 10, 521 (2023), doi:10.1038/s41597-023-02432-4",
            "changes": "damaged files left out",
            "origin": "three hospitals in Bangladesh, anonymised; labelled by two radiologists, checked by an"
            " orthopaedist",
        },
        body_parts=LIMBS,
    ),
    MURA: KnownData(
        {
            "name": "MURA, as its layout of folders says",
            "licence": "a research use agreement, which forbids to pass the images on",
            "attribution": "MURA, Stanford University",
            "origin": "Stanford University; each study is labelled normal or abnormal, and abnormal is not"
            " only fractured",
        }
    ),
}
