"""Publishing the files of a release that an admin sent. Nothing in them is loaded or run here."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.actions.events import Actor, record
from portal.actions.release_cards import CARD_FILE, MAX_CARD_BYTES, RELEASE_FILES, WEIGHTS_FILE, checked_card
from portal.actions.releases import known_release
from portal.db import transaction
from portal.errors import BadRequest
from portal.models import Release
from portal.storage import sha256_of, sync

SET = (CARD_FILE, *RELEASE_FILES)
ALL_FOUR = f"A release is these four files together: {', '.join(SET)}."


@dataclass(frozen=True)
class SentFile:
    """A temporary file of ours with the name and the SHA-256 of what was sent."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Home:
    """Where releases are kept, and the folder on the same disk where one is put together."""

    releases_dir: Path
    tmp_dir: Path


def publish_set(files: Sequence[SentFile], home: Home, actor: Actor) -> Release:
    """Check a set, keep it under the card's name and register it as available.

    The set of a release that is published already mends its files where they are damaged or gone.

    Raises BadRequest saying what is wrong with the set, or that its name is taken by another one; then
    nothing is left behind. A kill in between can leave the complete folder, which the next start registers.
    """
    card = _checked(files)
    folder = home.releases_dir / card["name"]
    desk = Path(tempfile.mkdtemp(prefix="release-", dir=home.tmp_dir))
    staged = desk / "set"
    staged.mkdir()
    try:
        _move_safely(files, staged)
        try:
            return _keep(staged, folder, card, actor)
        except IntegrityError:  # someone else published this name at this moment: now their row is there
            return _keep(staged, folder, card, actor)
    finally:
        shutil.rmtree(desk, ignore_errors=True)


def _checked(files: Sequence[SentFile]) -> dict[str, Any]:
    by_name = {file.name: file for file in files}
    if unknown := sorted(by_name.keys() - set(SET)):
        raise BadRequest(f"“{unknown[0]}” is no part of a release. {ALL_FOUR}")
    if missing := [name for name in SET if name not in by_name]:
        is_missing = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        raise BadRequest(f"Not everything was sent: {is_missing}. {ALL_FOUR}")
    if len(files) > len(SET):
        raise BadRequest(f"A file was sent twice. {ALL_FOUR}")
    with by_name[CARD_FILE].path.open("rb") as stream:
        card = checked_card(stream.read(MAX_CARD_BYTES + 1))
    for name in RELEASE_FILES:
        if by_name[name].sha256 != card["checksums"][name]:
            raise BadRequest(
                f"{name} is not the file that card.json describes: its checksum differs. "
                "Choose all four files from one export."
            )
    return card


def _move_safely(files: Sequence[SentFile], staged: Path) -> None:
    """The files under their own names in the folder of the set, as they would survive a power cut."""
    for file in files:
        os.replace(file.path, staged / file.name)
        sync(staged / file.name)
    sync(staged)


def _keep(staged: Path, folder: Path, card: dict[str, Any], actor: Actor) -> Release:
    """The row is claimed first, so that nobody else can register the folder until this one is decided."""
    was_placed = False
    try:
        with transaction() as session:
            known = known_release(session, card)
            if known is not None:
                _mend(staged, folder, known, session, actor)
                return known
            release = _added(session, card, actor)
            was_placed = _placed(staged, folder)
            sync(folder.parent)
        return release
    except BaseException:
        if was_placed:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _mend(staged: Path, folder: Path, known: Release, session: Session, actor: Actor) -> None:
    """Put the set in the place of a published one that is not whole any more."""
    if _is_same_set(staged, folder):
        return
    if folder.exists():
        os.rename(folder, staged.with_name("damaged"))
    os.rename(staged, folder)
    sync(folder.parent)
    record(session, actor, "release.mended", "release", known.id, name=known.name)


def _added(session: Session, card: dict[str, Any], actor: Actor) -> Release:
    weights = card["checksums"][WEIGHTS_FILE]
    release = Release(name=card["name"], weights_sha256=weights, card=card, state="available")
    session.add(release)
    session.flush()
    record(session, actor, "release.published", "release", release.id, name=release.name)
    return release


def _placed(staged: Path, folder: Path) -> bool:
    """Move the set to its place; False when the very same files lie there, from a publishing cut short."""
    if folder.exists():
        if _is_same_set(staged, folder):
            return False
        raise BadRequest(
            f"The home's releases folder already holds another “{folder.name}”; rename the new release."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    os.rename(staged, folder)
    return True


def _is_same_set(sent: Path, kept: Path) -> bool:
    return all(_is_same_file(sent / name, kept / name) for name in SET)


def _is_same_file(sent: Path, kept: Path) -> bool:
    return kept.is_file() and sha256_of(sent) == sha256_of(kept)
