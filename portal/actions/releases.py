"""Publishing releases: a folder of files becomes a row that jobs can name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actions.events import SYSTEM, record
from portal.actions.release_cards import CARD_FILE, WEIGHTS_FILE, checked_card
from portal.db import transaction
from portal.errors import BadRequest
from portal.models import Release
from portal.storage import sync


def publish(folder: Path, releases_dir: Path) -> Release:
    """Copy a release into the home and register it; the first one becomes the active one.

    Twice is harmless. Raises BadRequest when the card cannot be used, or the name is another release's.
    """
    card = _card_of(folder)
    with transaction() as session:
        known_release(session, card)  # refused before anything is copied
    home_folder = releases_dir / card["name"]
    if not home_folder.exists():
        _copy(folder, home_folder)
    with transaction() as session:
        return _register(session, card)


def known_release(session: Session, card: dict[str, Any]) -> Release | None:
    """What is published under this card's name. Raises BadRequest when that is another release."""
    known = session.scalars(select(Release).where(Release.name == card["name"])).one_or_none()
    if known is None:
        return None
    if known.weights_sha256 != card["checksums"][WEIGHTS_FILE]:
        raise BadRequest(f"The release name “{known.name}” is taken by other weights; rename the new one.")
    if known.card != card:
        raise BadRequest(f"“{known.name}” was published with another card; give the new one another name.")
    return known


def _card_of(folder: Path) -> dict[str, Any]:
    try:
        return checked_card((folder / CARD_FILE).read_bytes())
    except OSError as error:
        raise BadRequest(f"{CARD_FILE} cannot be read.") from error


def _copy(folder: Path, target: Path) -> None:
    """The folder appears under its name only when it is complete, also after a power cut."""
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial)
    for path in (*partial.iterdir(), partial):
        sync(path)
    partial.rename(target)
    sync(target.parent)


def _register(session: Session, card: dict[str, Any]) -> Release:
    known = known_release(session, card)
    if known is not None:
        return known
    has_active = session.scalar(select(Release.id).where(Release.state == "active"))
    release = Release(name=card["name"], weights_sha256=card["checksums"][WEIGHTS_FILE], card=card,
                      state="available" if has_active else "active")  # fmt: skip
    session.add(release)
    session.flush()
    record(session, SYSTEM, "release.published", "release", release.id)
    return release
