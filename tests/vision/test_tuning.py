from __future__ import annotations

import numpy as np
import pytest

from tests.vision.limbs import limb
from worker.vision.boxes import hottest_box
from worker.vision.card import PreprocessingCard
from worker.vision.content import Rect
from worker.vision.evaluation.metrics import calibration_error, sensitivity, specificity
from worker.vision.finer import finer
from worker.vision.preprocess import Placement, letterbox
from worker.vision.training.box_rule import choose_box_rule
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


@pytest.mark.parametrize("highest_is_sound", [True, False])
def test_operating_points_reach_what_is_demanded_of_a_few_images_too(highest_is_sound: bool) -> None:
    probabilities = np.linspace(0.05, 0.95, 20)
    labels = np.arange(20) % 2 == (0 if highest_is_sound else 1)
    points = choose_operating_points(labels, probabilities)
    assert sensitivity(labels, probabilities, points.rule_out) >= 0.95
    assert specificity(labels, probabilities, points.rule_in) >= 0.95


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
    assert 0.3 < choose_box_rule(list(maps), [sample] * 3).threshold <= finer(maps[0]).max() < 0.8


@pytest.mark.parametrize("trim", [0.6, 0.8])
def test_box_trim_makes_boxes_as_large_as_the_marked_ones(trim: float, preparing: PreprocessingCard) -> None:
    across = np.arange(8) - 4
    cells = (0.9 * np.exp(-(across[:, None] ** 2 + across**2) / 8)).astype(np.float32)
    canvas, placement = letterbox(limb(), 0, 255, preparing.canvases, preparing)
    whole = Placement(placement.canvas, 128, 128, Rect(0, 0, 128, 128), 1.0, 1.0, 0, 0, 128, 128)
    (box,) = hottest_box(finer(cells), trim, whole)
    marked = Sample(canvas, ((box.x, box.y, box.width, box.height),), True, "hand", placement)
    assert choose_box_rule([cells] * 3, [marked] * 3).trim == pytest.approx(trim, abs=0.05)
