from __future__ import annotations

from pathlib import Path

import pytest

from worker.vision import shelf
from worker.vision.errors import BadRelease
from worker.vision.shelf import default_release


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
