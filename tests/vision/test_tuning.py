from __future__ import annotations

import numpy as np
import pytest

from tests.vision.limbs import limb
from worker.vision.card import PreprocessingCard
from worker.vision.evaluation.metrics import calibration_error, sensitivity, specificity
from worker.vision.finer import finer
from worker.vision.preprocess import letterbox
from worker.vision.training.box_threshold import choose_box_threshold
from worker.vision.training.samples import Sample
from worker.vision.training.tuning import choose_operating_points, fit_calibration
from worker.vision.verdicts import calibrated as probability_of


def drawn(count: int = 600, gap: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = random.random(count) < 0.2
    return labels, random.normal(0, 1, count) + gap * labels


def calibrated(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    fit = fit_calibration(labels, logits)
    return np.array([probability_of(logit, fit) for logit in logits.tolist()])


def test_overconfident_logits_become_honest_probabilities() -> None:
    labels, logits = drawn()
    loud = 6 * logits + 4
    assert calibration_error(labels, 1 / (1 + np.exp(-loud))) > 0.1
    assert calibration_error(labels, calibrated(labels, loud)) < 0.05


def test_calibration_keeps_the_order() -> None:
    labels, logits = drawn()
    assert (np.argsort(calibrated(labels, logits)) == np.argsort(logits)).all()


def test_perfectly_parted_logits_do_not_run_away() -> None:
    labels = np.array([False] * 20 + [True] * 20)
    fit = fit_calibration(labels, np.where(labels, 5.0, -5.0))
    assert np.isfinite([fit.slope, fit.intercept]).all()


@pytest.mark.parametrize("gap", [0.5, 1.5])
def test_operating_points_reach_what_is_demanded(gap: float) -> None:
    labels, logits = drawn(gap=gap)
    probabilities = calibrated(labels, logits)
    points = choose_operating_points(labels, probabilities)
    assert sensitivity(labels, probabilities, points.rule_out) >= 0.95
    assert specificity(labels, probabilities, points.rule_in) >= 0.95
    assert 0 < points.rule_out < points.rule_in < 1


def test_operating_points_are_no_more_cautious_than_needed() -> None:
    labels, logits = drawn()
    probabilities = calibrated(labels, logits)
    points = choose_operating_points(labels, probabilities)
    assert sensitivity(labels, probabilities, points.rule_out + 0.02) < 0.95
    assert specificity(labels, probabilities, points.rule_in - 0.02) < 0.95


def test_network_that_parts_everything_leaves_no_doubt() -> None:
    labels = np.array([False] * 50 + [True] * 50)
    points = choose_operating_points(labels, np.where(labels, 0.9, 0.1))
    assert 0.1 < points.rule_out == points.rule_in <= 0.9


def test_box_threshold_parts_the_box_from_the_background(preparing: PreprocessingCard) -> None:
    maps = np.full((3, 8, 8), 0.3, np.float32)
    maps[:, 2:4, 5:7] = 0.7
    canvas, placement = letterbox(limb(), 0, 255, preparing.canvases, preparing)
    sample = Sample(canvas, ((80.0, 32.0, 32.0, 32.0),), True, "hand", placement)
    assert 0.3 < choose_box_threshold(list(maps), [sample] * 3) <= finer(maps[0]).max() < 0.8
