"""A release's self-test: a stored picture, and the answers it must give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.vision.card import ReleaseCard
from worker.vision.engine import Engine, Outputs
from worker.vision.errors import BadRelease
from worker.vision.parity import TOLERANCE, furthest_apart
from worker.vision.preprocess import prepare


def check_golden(folder: Path, card: ReleaseCard, engine: Engine) -> None:
    """Raises BadRelease unless the release answers its golden input as it did when it was made."""
    try:
        with np.load(folder / "golden.npz", allow_pickle=False) as stored:
            pixels, logit, cells = stored["pixels"], float(stored["logit"]), stored["map"]
    except (OSError, KeyError, ValueError) as failure:
        raise BadRelease("golden.npz cannot be read") from failure
    outputs = answer(pixels, card, engine)
    then = Outputs(np.array([logit], np.float32), cells[None], outputs.scope)
    try:
        furthest = furthest_apart(outputs, then, card.calibration)
    except ValueError as failure:
        complaint = "the self-test failed: the map has another shape than when the release was made"
        raise BadRelease(complaint) from failure
    if not furthest <= TOLERANCE:  # also when it is not a number
        raise BadRelease(f"the self-test failed: the answer differs by {furthest:.2g} from when it was made")


def write_golden(folder: Path, card: ReleaseCard, engine: Engine) -> None:
    """Store the golden picture with the answers that `engine` gives."""
    pixels = golden_pixels()
    outputs = answer(pixels, card, engine)
    np.savez_compressed(folder / "golden.npz", pixels=pixels, logit=outputs.logits[0], map=outputs.maps[0])


def golden_pixels() -> NDArray[np.uint16]:
    """A drawn forearm with a step in one bone, 12 bits in uint16 (200, 160)."""
    y, x = np.mgrid[0:200, 0:160].astype(np.float64)
    arm = np.clip(1.2 - np.abs(x - 80) / 45, 0, 1)
    step = np.where(y > 110, 4.0, 0.0)
    bones = sum(np.exp(-(((x - centre - step) / 6) ** 2)) for centre in (65.0, 95.0))
    texture = 0.03 * np.sin(x * 0.9) * np.sin(y * 0.7)
    return np.rint(200 + 3600 * np.clip(0.35 * arm + 0.5 * bones + texture * arm, 0, 1)).astype(np.uint16)


def answer(pixels: NDArray[np.uint16], card: ReleaseCard, engine: Engine) -> Outputs:
    prepared = prepare(pixels, 0, 4095, card.preprocessing)
    return engine.run(prepared.tensor[None])
