"""Canvases that teach the scope check: radiographs in other guises, and drawn pictures that are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.vision.card import PreprocessingCard
from worker.vision.preprocess import letterbox
from worker.vision.training.augment import SIDEWAYS_CHANCE, augmented
from worker.vision.training.elsewhere import as_elsewhere
from worker.vision.training.other_pictures import KINDS, drawn
from worker.vision.training.samples import Sample

Drawn = NDArray[np.uint8]  # (H, W), a canvas with a picture on it


def changed(samples: Sequence[Sample], card: PreprocessingCard, random: np.random.Generator) -> list[Drawn]:
    """Each sample as another hospital would hand it out, or as training shows it, in turn."""
    return [
        _turned_about(sample, random) if number % 2 else _prepared(as_elsewhere(shown(sample), random), card)
        for number, sample in enumerate(samples)
    ]


def drawn_pictures(
    radiographs: Sequence[Sample], each: int, card: PreprocessingCard, random: np.random.Generator
) -> list[Drawn]:
    """`each` pictures of every kind that can be drawn, half of them as another hospital would.

    Without the latter, the marks of a change would speak for a radiograph.
    """
    limbs = [shown(sample) for sample in radiographs]
    canvases = []
    for kind in KINDS:
        for number in range(each):
            picture = drawn(kind, limbs, random)
            canvases.append(_prepared(as_elsewhere(picture, random) if number % 2 else picture, card))
    return canvases


def shown(sample: Sample) -> Drawn:
    """The picture on a canvas, without the padding around it."""
    place = sample.placement
    return sample.canvas[place.pad_y : place.pad_y + place.height, place.pad_x : place.pad_x + place.width]


def _turned_about(sample: Sample, random: np.random.Generator) -> Drawn:
    """As training shows it."""
    canvas, is_sideways = sample.placement.canvas, bool(random.random() < SIDEWAYS_CHANCE)
    return augmented(sample, canvas.turned() if is_sideways else canvas, is_sideways, random)[0]


def _prepared(picture: Drawn, card: PreprocessingCard) -> Drawn:
    canvas, _ = letterbox(picture, 0, 255, card.canvases, card)
    return canvas
