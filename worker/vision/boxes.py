"""Boxes around the places where the network's map is hot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.vision.preprocess import Placement
from worker.vision.reading import Box

MOST_BOXES = 5
FINER = 4  # the map is interpolated this many times finer, so that boxes do not jump by whole cells

Region = tuple[slice, slice]


def boxes_of(
    probabilities: NDArray[np.float32], side_px: int, threshold: float, placement: Placement, kind: str
) -> tuple[Box, ...]:
    """The hottest regions at or above `threshold`, hottest first, at most MOST_BOXES, inside the image.

    probabilities  (rows, columns) of map cells over the square canvas of side `side_px`
    """
    rows, columns = probabilities.shape
    finer = Image.fromarray(probabilities).resize((columns * FINER, rows * FINER), Image.Resampling.BILINEAR)
    fine = np.asarray(finer)
    px = side_px / fine.shape[1]
    found = [
        _box(region, px, float(fine[region].max()), placement, kind) for region in regions(fine >= threshold)
    ]
    visible = [box for box in found if box.width > 0 and box.height > 0]
    return tuple(sorted(visible, key=lambda box: -box.score)[:MOST_BOXES])


def regions(hot: NDArray[np.bool_]) -> Iterator[Region]:
    """The bounding rows and columns of each 4-connected group of True cells."""
    left = hot.copy()
    for row, column in np.argwhere(hot).tolist():
        if left[row, column]:
            yield _bounds(_taken(left, row, column))


def _taken(left: NDArray[np.bool_], row: int, column: int) -> list[tuple[int, int]]:
    """The cells connected to one, which are cleared in `left`."""
    rows, columns = left.shape
    waiting, taken = [(row, column)], []
    left[row, column] = False
    while waiting:
        y, x = waiting.pop()
        taken.append((y, x))
        for next_y, next_x in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= next_y < rows and 0 <= next_x < columns and left[next_y, next_x]:
                left[next_y, next_x] = False
                waiting.append((next_y, next_x))
    return taken


def _bounds(cells: list[tuple[int, int]]) -> Region:
    rows, columns = zip(*cells, strict=True)
    return slice(min(rows), max(rows) + 1), slice(min(columns), max(columns) + 1)


def _box(region: Region, px: float, score: float, placement: Placement, kind: str) -> Box:
    rows, columns = region
    left, top = placement.to_image(columns.start * px, rows.start * px)
    right, bottom = placement.to_image(columns.stop * px, rows.stop * px)
    left, right = (min(max(edge, 0.0), float(placement.image_width_px)) for edge in (left, right))
    top, bottom = (min(max(edge, 0.0), float(placement.image_height_px)) for edge in (top, bottom))
    x, y, width, height = (round(edge, 1) for edge in (left, top, right - left, bottom - top))
    return Box(x, y, width, height, round(score, 4), kind)
