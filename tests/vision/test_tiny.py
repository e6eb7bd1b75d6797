from __future__ import annotations

from pathlib import Path

import numpy as np

from worker.vision.card import ReleaseCard
from worker.vision.detector import Detector
from worker.vision.tiny import write_tiny_release


def test_same_seed_makes_the_same_release(tmp_path: Path) -> None:
    first, second = (write_tiny_release(tmp_path / name, "twin") for name in "ab")
    assert ReleaseCard.read(first) == ReleaseCard.read(second)


def test_other_seed_makes_another_network(tmp_path: Path) -> None:
    first, second = (write_tiny_release(tmp_path / str(seed), f"tiny-{seed}", seed) for seed in (0, 1))
    assert ReleaseCard.read(first).weights_sha256 != ReleaseCard.read(second).weights_sha256
    assert ReleaseCard.read(second).name == "tiny-1"


def test_probability_depends_on_the_image(tiny: Detector) -> None:
    def probability(bright_rows: int) -> float:
        picture = np.zeros((80, 80), np.uint8)
        picture[:bright_rows] = 200
        picture[:, ::9] += 40
        reading = tiny.read([tiny.prepare(picture, 0, 255)])[0]
        assert reading.probability is not None
        return reading.probability

    assert probability(10) < probability(40) < probability(70)
    assert probability(40) == probability(40)
