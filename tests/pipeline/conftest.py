"""What the pipelines work with."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from portal.actions.releases import publish
from portal.settings import Settings
from portal.storage import Storage
from worker.vision.tiny import write_tiny_release


@pytest.fixture
def storage(app: Flask) -> Storage:
    made: Storage = app.extensions["greenstick.storage"]
    return made


@pytest.fixture
def release(app: Flask, sqlite_settings: Settings, tmp_path: Path) -> Path:
    folder = write_tiny_release(tmp_path / "made" / "tiny")
    with app.app_context():
        publish(folder, sqlite_settings.releases_dir)
    return folder
