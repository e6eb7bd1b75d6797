"""Radiographs with the places where a network that never saw them suspects a fracture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from worker.vision.evaluation.outcome import holds
from worker.vision.manifest import BoxPx
from worker.vision.networks.places import suspicious_places
from worker.vision.passes import Answer
from worker.vision.training.samples import Sample
from worker.vision.verdicts import sigmoid

TAUGHT_PLACES = 8  # of an image, from which false alarms are drawn: more than a reading looks at

Point = tuple[float, float]  # x and y in pixels of the canvas


@dataclass(frozen=True)
class Suspect:
    """A labelled radiograph on the canvas that a reading sees, and its suspicious places, hottest first."""

    sample: Sample
    places: tuple[Point, ...]
    heat: tuple[float, ...]  # probability at each

    def box_at(self, point: Point) -> BoxPx | None:
        """The marked box that holds a point; of several the smallest."""
        held = [box for box in self.sample.boxes if holds(box, *point)]
        return min(held, key=lambda box: box[2] * box[3]) if held else None


def suspects_of(samples: Sequence[Sample], said: Sequence[Answer]) -> list[Suspect]:
    """The samples with what a network answered to each."""
    return [_suspect(sample, answer.cells) for sample, answer in zip(samples, said, strict=True)]


def _suspect(sample: Sample, cells: NDArray[np.float32]) -> Suspect:
    stride = sample.canvas.shape[0] // cells.shape[0]
    found = suspicious_places(torch.from_numpy(cells[None]), stride, TAUGHT_PLACES)
    x, y, logits = (
        part[0][torch.isfinite(found.logits[0])].tolist() for part in found
    )  # small maps have few
    return Suspect(sample, tuple(zip(x, y, strict=True)), tuple(sigmoid(logit) for logit in logits))
