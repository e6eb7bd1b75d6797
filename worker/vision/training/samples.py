"""Training images, read once and kept small in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.vision.card import PreprocessingCard
from worker.vision.manifest import BoxPx, Row
from worker.vision.preprocess import Placement, letterbox

SPARE_SHARE = 1.15  # kept larger than the network's side, so that zooming in still shows detail


@dataclass(frozen=True)
class Sample:
    """One labelled radiograph on its canvas."""

    canvas: NDArray[np.uint8]  # (S', S'), S' = SPARE_SHARE times the network's side, or the side itself
    boxes: tuple[BoxPx, ...]  # in pixels of the canvas
    is_fractured: bool
    kind: str  # body part, or what else the picture shows
    placement: Placement  # of the image on the canvas


def read_samples(rows: Iterable[Row], card: PreprocessingCard, spare: bool) -> list[Sample]:
    """Decode and letterbox every image of `rows`, with the function that also serves."""
    side_px = round(card.side_px * SPARE_SHARE) if spare else card.side_px
    return [_read(row, side_px, card) for row in rows]


def _read(row: Row, side_px: int, card: PreprocessingCard) -> Sample:
    with Image.open(row.image) as image:
        pixels = np.asarray(image.convert("L"))
    canvas, placement = letterbox(pixels, 0, 255, side_px, card)
    boxes = []
    for x, y, width, height in row.boxes:
        left, top = placement.to_canvas(x, y)
        boxes.append((left, top, width * placement.scale_x, height * placement.scale_y))
    return Sample(canvas, tuple(boxes), row.is_fractured, row.body_part, placement)
