"""From the network's logit to the probability and the word that staff read."""

from __future__ import annotations

import math

from worker.vision.card import Calibration, OperatingPoints

NO_FRACTURE = "no fracture"
DOUBT = "doubt"
FRACTURE = "fracture"
OUT_OF_SCOPE = "out of scope"
VERDICTS = (NO_FRACTURE, DOUBT, FRACTURE, OUT_OF_SCOPE)


def calibrated(logit: float, calibration: Calibration) -> float:
    """The probability of a fracture, 0..1."""
    return sigmoid(calibration.slope * logit + calibration.intercept)


def verdict_of(probability: float, points: OperatingPoints) -> str:
    """The verdict on an image that is in scope."""
    if probability < points.rule_out:
        return NO_FRACTURE
    return FRACTURE if probability >= points.rule_in else DOUBT


def sigmoid(value: float) -> float:
    """1 / (1 + exp(-value)) without overflow."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    grown = math.exp(value)
    return grown / (1 + grown)
