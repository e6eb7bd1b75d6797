"""Where released models stand."""

from __future__ import annotations

import os
from pathlib import Path

from worker.vision.card import CARD_FILE
from worker.vision.errors import BadRelease

RELEASES = Path(__file__).resolve().parents[2] / "releases"


def default_release() -> Path:
    """The folder that GREENSTICK_RELEASE names, else the newest of those that are shipped.

    Newest is the last by name, numbers compared as numbers. Raises BadRelease when there is none.
    """
    if chosen := os.environ.get("GREENSTICK_RELEASE"):
        return Path(chosen)
    shipped = sorted((card.parent for card in RELEASES.glob(f"*/{CARD_FILE}")), key=_age)
    if not shipped:
        raise BadRelease("no release is shipped in releases/ and GREENSTICK_RELEASE names none")
    return shipped[-1]


def _age(folder: Path) -> tuple[str, int]:
    stem, _, number = folder.name.rpartition("-")
    return (stem, int(number)) if number.isdigit() else (folder.name, 0)
