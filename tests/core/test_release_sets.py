"""Two admins who publish under one name at the same moment; on both databases."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from portal.actions.events import SYSTEM
from portal.actions.release_sets import SET, Home, SentFile, publish_set
from portal.db import db
from portal.errors import BadRequest
from portal.models import Event, Release
from portal.settings import Settings
from portal.storage import sha256_of
from worker.vision.tiny import write_tiny_release


def sent(made: Path, folder: Path) -> list[SentFile]:
    """A copy of the set, as it lies in the temporary folder after an upload."""
    shutil.copytree(made, folder)
    return [SentFile(name, folder / name, sha256_of(folder / name)) for name in SET]


def press_at_once(app: Flask, settings: Settings, sets: list[list[SentFile]]) -> list[str]:
    gate = threading.Barrier(len(sets))
    outcomes: list[str] = []

    def press(files: list[SentFile]) -> None:
        with app.app_context():
            gate.wait()
            try:
                publish_set(files, Home(settings.releases_dir, settings.tmp_dir), SYSTEM)
                outcomes.append("published")
            except BadRequest:
                outcomes.append("refused")

    threads = [threading.Thread(target=press, args=(files,)) for files in sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_one_set_sent_at_once_from_several_places_is_one_release(
    each_app: Flask, each_settings: Settings, tmp_path: Path
) -> None:
    made = write_tiny_release(tmp_path / "made")
    sets = [sent(made, tmp_path / f"sent-{number}") for number in range(3)]
    assert press_at_once(each_app, each_settings, sets) == ["published"] * 3
    with each_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Release)) == 1
        assert db.session.scalar(select(func.count()).select_from(Event)) == 1
    assert sha256_of(each_settings.releases_dir / "tiny" / "card.json") == sha256_of(made / "card.json")
    assert list(each_settings.tmp_dir.iterdir()) == []


def test_of_two_sets_with_one_name_the_files_are_those_of_the_row(
    each_app: Flask, each_settings: Settings, tmp_path: Path
) -> None:
    sets = [
        sent(write_tiny_release(tmp_path / f"made-{seed}", seed=seed), tmp_path / f"sent-{seed}")
        for seed in range(3)
    ]
    assert press_at_once(each_app, each_settings, sets) == ["published", "refused", "refused"]
    with each_app.app_context():
        release = db.session.scalars(select(Release)).one()
    kept = each_settings.releases_dir / "tiny"
    assert release.weights_sha256 == sha256_of(kept / "weights.safetensors")
    assert release.card == json.loads((kept / "card.json").read_text("utf-8"))
    assert [path.name for path in each_settings.releases_dir.iterdir()] == ["tiny"]
    assert list(each_settings.tmp_dir.iterdir()) == []
