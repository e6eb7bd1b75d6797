"""Training images, read once and kept small in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.vision.canvas import Canvas
from worker.vision.card import PreprocessingCard
from worker.vision.manifest import BoxPx, Row, refuse_boxes_outside
from worker.vision.preprocess import Pixels, Placement, letterbox

SPARE_SHARE = 1.15  # kept larger than the network's side, so that zooming in still shows detail


Decode = Callable[[Path], tuple[Pixels, float, float]]
"""Decodes a file as the portal does: pixels, and the grey values shown black and white."""


@dataclass(frozen=True)
class Sample:
    """One labelled radiograph on its canvas."""

    canvas: NDArray[np.uint8]  # (H, W), the network's canvas, or SPARE_SHARE times as large
    boxes: tuple[BoxPx, ...]  # in pixels of the canvas
    is_fractured: bool
    kind: str  # body part, or what else the picture shows
    placement: Placement  # of the image on the canvas


def read_samples(rows: Iterable[Row], card: PreprocessingCard, spare: bool, decode: Decode) -> list[Sample]:
    """Decode and letterbox every image of `rows`, with the functions that also serve.

    raises  ValueError when a marked box lies outside its image
    """
    offered = card.canvases
    if spare:
        offered = tuple(canvas.larger(SPARE_SHARE) for canvas in offered)
    return [_sample(row, *decode(row.image), offered, card) for row in rows]


def _sample(
    row: Row, pixels: Pixels, low: float, high: float, offered: Sequence[Canvas], card: PreprocessingCard
) -> Sample:
    height_px, width_px = pixels.shape
    refuse_boxes_outside(row, width_px, height_px)
    canvas, placement = letterbox(pixels, low, high, offered, card)
    boxes = []
    for x, y, width, height in row.boxes:
        left, top = placement.to_canvas(x, y)
        boxes.append((left, top, width * placement.scale_x, height * placement.scale_y))
    return Sample(canvas, tuple(boxes), row.is_fractured, row.body_part, placement)
