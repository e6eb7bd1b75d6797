"""How far two engines' answers to the same images are apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.vision.card import Calibration
from worker.vision.engine import Outputs
from worker.vision.verdicts import calibrated

TOLERANCE = 1e-3  # of a probability, of the image or of a map cell


def furthest_apart(one: Outputs, other: Outputs, calibration: Calibration) -> float:
    """The largest difference of any image's probability or map cell; nan when any is not a number.

    raises  ValueError when the maps differ in shape
    """
    if one.maps.shape != other.maps.shape:
        raise ValueError("the maps differ in shape")
    images = np.abs(_calibrated(one, calibration) - _calibrated(other, calibration)).max()
    cells = np.abs(_sigmoid(one.maps) - _sigmoid(other.maps)).max()
    return float(np.maximum(images, cells))


def _calibrated(outputs: Outputs, calibration: Calibration) -> NDArray[np.float64]:
    return np.array([calibrated(float(logit), calibration) for logit in outputs.logits])


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -60, 60)))
