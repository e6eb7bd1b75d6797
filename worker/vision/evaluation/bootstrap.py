"""Intervals by resampling patients, not images: images of one patient are alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 20240
LEAST_GROUPS = 10  # resampling fewer tells little of how others would differ; one alone tells nothing
TOO_FEW_GROUPS = f"fewer than {LEAST_GROUPS} groups of images, which is too few for intervals"


@dataclass(frozen=True)
class Estimate:
    """A measure with its 95 % interval; all nan when it cannot be computed.

    The ends alone are nan where there are too few groups to tell.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        if math.isnan(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


Measure = Callable[[NDArray[np.int64]], float]  # of the images with these places in the list


def estimates(measures: dict[str, Measure], groups: Sequence[str]) -> dict[str, Estimate]:
    """Each measure over all images, with the 2.5 and 97.5 percentiles over resampled groups.

    groups  the group of each image; of fewer than LEAST_GROUPS there are no percentiles
    """
    everything = np.arange(len(groups))
    if len(set(groups)) < LEAST_GROUPS:
        return {name: Estimate(measure(everything), math.nan, math.nan) for name, measure in measures.items()}
    samples = list(_resamples(groups))
    return {name: _estimate(measure, everything, samples) for name, measure in measures.items()}


def _estimate(measure: Measure, everything: NDArray[np.int64], samples: list[NDArray[np.int64]]) -> Estimate:
    values = np.array([measure(sample) for sample in samples])
    usable = values[np.isfinite(values)]
    if len(usable) == 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    low, high = np.percentile(usable, (2.5, 97.5))
    return Estimate(measure(everything), float(low), float(high))


def _resamples(groups: Sequence[str]) -> list[NDArray[np.int64]]:
    random = np.random.default_rng(SEED)
    _, of_image = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(of_image == group) for group in range(of_image.max() + 1)]
    return [
        np.concatenate([members[group] for group in random.integers(len(members), size=len(members))])
        for _ in range(RESAMPLES)
    ]
