from __future__ import annotations

from pathlib import Path

import pytest

from worker.vision.card import PreprocessingCard
from worker.vision.detector import Detector
from worker.vision.preprocess import VERSION
from worker.vision.tiny import write_tiny_release


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """A release of its own, to be damaged."""
    return write_tiny_release(tmp_path / "tiny")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector.load(write_tiny_release(tmp_path_factory.mktemp("releases") / "tiny"))


@pytest.fixture
def preparing() -> PreprocessingCard:
    return PreprocessingCard(VERSION, 128, 1.0, 99.7, (0.0,), (1.0,))
