"""Where released models stand."""

from __future__ import annotations

import os
from pathlib import Path

from worker.vision.card import CARD_FILE, ReleaseCard
from worker.vision.errors import BadRelease

RELEASES = Path(__file__).resolve().parents[2] / "releases"


def default_release() -> Path:
    """The folder that GREENSTICK_RELEASE names, else the newest of those that are shipped.

    Newest is the one that its card says was made last; of several of one day, the last by name, numbers
    compared as numbers. Raises BadRelease when there is none.
    """
    if chosen := os.environ.get("GREENSTICK_RELEASE"):
        return Path(chosen)
    shipped = sorted((card.parent for card in RELEASES.glob(f"*/{CARD_FILE}")), key=_age)
    if not shipped:
        raise BadRelease("no release is shipped in releases/ and GREENSTICK_RELEASE names none")
    return shipped[-1]


def _age(folder: Path) -> tuple[str, str, int]:
    stem, _, number = folder.name.rpartition("-")
    return (_created(folder), stem, int(number)) if number.isdecimal() else (_created(folder), folder.name, 0)


def _created(folder: Path) -> str:
    """Empty for a card that cannot be read: it is no newer than any other."""
    try:
        return ReleaseCard.read(folder).created
    except BadRelease:
        return ""
