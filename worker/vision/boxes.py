"""Boxes around the places where the network's map is hot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.vision.finer import FINER
from worker.vision.preprocess import Placement
from worker.vision.reading import Box

VERSION = 3  # raised with every change that draws other boxes around the same map; findings name it
MOST_BOXES = 5

Cell = tuple[int, int]  # row, column
Cells = list[Cell]


@dataclass(frozen=True)
class BoxRule:
    """What a release's maps call a box."""

    threshold: float  # how hot, as the map's probability, a place must be to be marked
    trim: float  # a box holds what is at least this share as hot as its hottest place


def boxes_of(fine: NDArray[np.float32], rule: BoxRule, placement: Placement, kind: str) -> tuple[Box, ...]:
    """The hottest places at or above the threshold, hottest first, at most MOST_BOXES, inside the image.

    What hangs together with a place, or lies in its box's core, is no other place.

    fine  probabilities over the canvas, as `finer` gives them
    """
    px = placement.canvas.columns / fine.shape[1]
    left, boxes = fine >= rule.threshold, list[Box]()
    while left.any() and len(boxes) < MOST_BOXES:
        peak = _hottest(np.where(left, fine, np.float32(0)))
        core = _core(fine, peak, rule.trim)
        box = _box(core, px, float(fine[peak]), placement, kind)
        if box.width > 0 and box.height > 0:
            boxes.append(box)
        _taken(left, *peak)
        for cell in core:
            left[cell] = False
    return tuple(boxes)


def hottest_box(fine: NDArray[np.float32], trim: float, placement: Placement) -> tuple[Box, ...]:
    """One dotted box around the hottest place of the image, however cold; none when the map has no peak."""
    px = placement.canvas.columns / fine.shape[1]
    shown = np.where(_shown(fine.shape, px, placement), fine, np.float32(0))
    peak = _hottest(shown)
    core = _core(shown, peak, trim)
    if len(core) > np.count_nonzero(shown) / 2:
        return ()
    return (_box(core, px, float(shown[peak]), placement, "dotted"),)


def _shown(shape: tuple[int, ...], px: float, placement: Placement) -> NDArray[np.bool_]:
    """Which cells (rows, columns) of the canvas lie on the image and not on the padding around it."""
    y, x = ((np.arange(count) + 0.5) * px for count in shape)
    across = (x > placement.pad_x) & (x < placement.pad_x + placement.width)
    down = (y > placement.pad_y) & (y < placement.pad_y + placement.height)
    return down[:, None] & across[None]


def _hottest(fine: NDArray[np.float32]) -> Cell:
    row, column = np.unravel_index(int(fine.argmax()), fine.shape)
    return int(row), int(column)


def _core(fine: NDArray[np.float32], peak: Cell, trim: float) -> Cells:
    """The cells around a peak that are nearly as hot as it is: its warm rim is wider than the fracture."""
    return _taken(fine >= trim * float(fine[peak]), *peak)


def _taken(left: NDArray[np.bool_], row: int, column: int) -> Cells:
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


def _box(cells: Cells, px: float, score: float, placement: Placement, kind: str) -> Box:
    rows, columns = zip(*cells, strict=True)
    start_x, end_x = _span(columns, px)
    start_y, end_y = _span(rows, px)
    left, top = placement.to_image(start_x, start_y)
    right, bottom = placement.to_image(end_x, end_y)
    left, right = (min(max(edge, 0.0), float(placement.image_width_px)) for edge in (left, right))
    top, bottom = (min(max(edge, 0.0), float(placement.image_height_px)) for edge in (top, bottom))
    x, y, width, height = (round(edge, 1) for edge in (left, top, right - left, bottom - top))
    return Box(x, y, width, height, round(score, 4), kind)


def _span(lines: tuple[int, ...], px: float) -> tuple[float, float]:
    """First and last canvas pixel of fine rows or columns, at least one cell of the map apart."""
    start, end = min(lines) * px, (max(lines) + 1) * px
    margin = max(0.0, FINER * px - (end - start)) / 2
    return start - margin, end + margin
