"""Canvases that teach the scope check: radiographs in other guises, and drawn pictures that are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.vision.card import PreprocessingCard
from worker.vision.preprocess import letterbox
from worker.vision.training.augment import augmented
from worker.vision.training.elsewhere import as_elsewhere
from worker.vision.training.other_pictures import KINDS, drawn
from worker.vision.training.samples import Sample

Canvas = NDArray[np.uint8]  # (S, S)


def changed(samples: Sequence[Sample], card: PreprocessingCard, random: np.random.Generator) -> list[Canvas]:
    """Each sample as another hospital would hand it out, or as training shows it, in turn."""
    return [
        augmented(sample, card.side_px, random)[0]
        if number % 2
        else _prepared(as_elsewhere(shown(sample), random), card)
        for number, sample in enumerate(samples)
    ]


def drawn_pictures(
    radiographs: Sequence[Sample], each: int, card: PreprocessingCard, random: np.random.Generator
) -> list[Canvas]:
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


def shown(sample: Sample) -> Canvas:
    """The picture on a canvas, without the padding around it."""
    place = sample.placement
    return sample.canvas[place.pad_y : place.pad_y + place.height, place.pad_x : place.pad_x + place.width]


def _prepared(picture: Canvas, card: PreprocessingCard) -> Canvas:
    canvas, _ = letterbox(picture, 0, 255, card.side_px, card)
    return canvas
