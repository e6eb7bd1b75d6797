from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.vision.evaluation import metrics
from worker.vision.evaluation.bootstrap import estimates

LABELLED = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60).filter(
    lambda pairs: len({label for label, _ in pairs}) == 2
)


def split(pairs: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([label for label, _ in pairs]), np.array([score / 20 for _, score in pairs])


@given(LABELLED)
def test_auroc_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = split(pairs)
    wins = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high in scores[labels]
        for low in scores[~labels]
    ]
    assert metrics.auroc(labels, scores) == pytest.approx(np.mean(wins))


@given(LABELLED)
def test_auroc_is_the_area_under_the_drawn_curve(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = split(pairs)
    false_rate, true_rate = metrics.roc(labels, scores)
    assert (false_rate[0], true_rate[0], false_rate[-1], true_rate[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(true_rate, false_rate) == pytest.approx(metrics.auroc(labels, scores))


def test_average_precision_of_a_worked_example() -> None:
    labels = np.array([True, False, True, False])
    assert metrics.average_precision(labels, np.array([0.9, 0.8, 0.7, 0.1])) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_of_equal_scores_is_the_prevalence() -> None:
    labels = np.array([True] * 3 + [False] * 7)
    assert metrics.average_precision(labels, np.full(10, 0.5)) == pytest.approx(0.3)


def test_perfect_and_reversed_scores() -> None:
    labels = np.array([False, False, True, True])
    scores = np.array([0.1, 0.2, 0.8, 0.9])
    assert (metrics.auroc(labels, scores), metrics.auroc(labels, -scores)) == (1, 0)
    assert metrics.average_precision(labels, scores) == 1


def test_image_at_the_threshold_counts_as_fractured() -> None:
    labels = np.array([True, False])
    assert metrics.sensitivity(labels, np.array([0.5, 0.5]), 0.5) == 1
    assert metrics.specificity(labels, np.array([0.5, 0.5]), 0.5) == 0


def test_calls_at_a_threshold_of_a_worked_example() -> None:
    labels = np.array([True, True, True, False, False])
    scores = np.array([0.9, 0.8, 0.1, 0.7, 0.2])
    assert metrics.accuracy(labels, scores, 0.5) == pytest.approx(3 / 5)
    assert metrics.precision(labels, scores, 0.5) == pytest.approx(2 / 3)
    assert metrics.f1(labels, scores, 0.5) == pytest.approx(2 / 3)
    assert math.isnan(metrics.precision(labels, scores, 0.95))
    assert metrics.f1(labels, scores, 0.95) == 0


def test_one_class_alone_has_no_auroc() -> None:
    assert math.isnan(metrics.auroc(np.array([True, True]), np.array([0.1, 0.2])))
    assert math.isnan(metrics.sensitivity(np.array([False]), np.array([0.1]), 0.5))


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    labels = np.array([True] * 2 + [False] * 8)
    assert metrics.calibration_error(labels, np.full(10, 0.2)) == pytest.approx(0)
    assert metrics.calibration_error(labels, np.full(10, 0.7)) == pytest.approx(0.5)
    assert metrics.brier(labels, np.full(10, 0.2)) == pytest.approx(0.16)


def test_certain_probability_falls_into_the_last_bin() -> None:
    assert metrics.reliability(np.array([True]), np.array([1.0])) == [(1.0, 1.0, 1)]


def test_interval_holds_the_value_and_repeats_exactly() -> None:
    values = np.random.default_rng(0).random(80)
    groups = [f"g{place // 2}" for place in range(80)]
    first = estimates({"mean": lambda chosen: float(values[chosen].mean())}, groups)["mean"]
    assert first.low < first.value < first.high
    assert first == estimates({"mean": lambda chosen: float(values[chosen].mean())}, groups)["mean"]


def test_images_of_one_group_widen_the_interval() -> None:
    values = np.repeat(np.random.default_rng(0).random(10), 8)

    def width(groups: list[str]) -> float:
        estimate = estimates({"mean": lambda chosen: float(values[chosen].mean())}, groups)["mean"]
        return estimate.high - estimate.low

    assert width([f"patient {place // 8}" for place in range(80)]) > 1.5 * width([str(p) for p in range(80)])


def test_few_groups_give_a_value_without_an_interval() -> None:
    values = np.random.default_rng(0).random(80)
    groups = [f"patient {place % 9}" for place in range(80)]
    estimate = estimates({"mean": lambda chosen: float(values[chosen].mean())}, groups)["mean"]
    assert estimate.value == values.mean()
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.high)
    assert str(estimate) == f"{values.mean():.3f}"


def test_measure_that_cannot_be_computed_has_no_interval() -> None:
    assert math.isnan(estimates({"none": lambda chosen: float("nan")}, ["a", "b"])["none"].value)
