from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from worker.vision import shelf
from worker.vision.card import ReleaseCard
from worker.vision.errors import BadRelease
from worker.vision.shelf import default_release
from worker.vision.tiny import write_tiny_release


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shelf, "RELEASES", tmp_path)
    monkeypatch.delenv("GREENSTICK_RELEASE", raising=False)
    return tmp_path


def put(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    (folder / name / "card.json").touch()


def test_tenth_release_is_newer_than_the_ninth(releases: Path) -> None:
    for number in (9, 10, 2):
        put(releases, f"greenstick-{number}")
    assert default_release().name == "greenstick-10"


def test_release_that_was_made_last_is_the_newest_whatever_its_name(releases: Path) -> None:
    for name, created in (("zebra-9", "2026-01-31"), ("limbs-1", "2026-02-01"), ("limbs-2", "2026-02-01")):
        folder = write_tiny_release(releases / name)
        replace(ReleaseCard.read(folder), created=created).write(folder)
    put(releases, "zz-1")  # a card that cannot be read is no newer
    assert default_release().name == "limbs-2"


def test_folder_without_a_card_is_no_release(releases: Path) -> None:
    put(releases, "greenstick-1")
    (releases / "greenstick-2").mkdir()
    assert default_release().name == "greenstick-1"


def test_environment_names_another_release(releases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(releases, "greenstick-1")
    monkeypatch.setenv("GREENSTICK_RELEASE", "/elsewhere/mine")
    assert default_release() == Path("/elsewhere/mine")


def test_empty_shelf_says_what_is_missing(releases: Path) -> None:
    with pytest.raises(BadRelease, match="no release"):
        default_release()
