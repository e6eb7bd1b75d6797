"""What the map should say: which of its cells lie in a fracture box, its centre most of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from worker.vision.canvas import Canvas

FINE_PX = 4  # boxes are drawn at this stride first
LEAST_COVER = 0.25  # share of a cell that a box must cover
PEAKED, LEVEL = 0.4, 1.0  # `docs/experiments.md` says what the peak brings

Corners = NDArray[np.float64]  # (4, 2), x and y in pixels of the canvas, going round the box


class Marking(NamedTuple):
    """How boxes are marked on the map."""

    cell_px: int  # stride of the map
    edge: float = PEAKED  # what a box's rim is taught where its centre is taught 1


def map_target(boxes: Sequence[Corners], canvas: Canvas, marking: Marking) -> NDArray[np.float32]:
    """What each cell is taught, float32 (H/cell, W/cell): 0 outside the boxes, `edge` to 1 inside.

    A box too small to cover a cell still marks its own.
    """
    cell_px, edge = marking
    rows, columns = canvas.rows // cell_px, canvas.columns // cell_px
    heights = np.full((rows, columns), edge)
    for corners in boxes:
        heights = np.maximum(heights, _heights(corners, rows, columns, marking))
    target = (_covered(boxes, rows, columns, cell_px) * heights).astype(np.float32)
    for corners in boxes:
        column, row = (corners.mean(axis=0) // cell_px).astype(int)
        if 0 <= row < rows and 0 <= column < columns:
            target[row, column] = 1
    return target


def _covered(boxes: Sequence[Corners], rows: int, columns: int, cell_px: int) -> NDArray[np.bool_]:
    """The cells (rows, columns) that lie under the boxes."""
    per_cell = cell_px // FINE_PX
    drawn = Image.new("L", (columns * per_cell, rows * per_cell))
    for corners in boxes:
        ImageDraw.Draw(drawn).polygon([(x / FINE_PX, y / FINE_PX) for x, y in corners], fill=1)
    fine = np.asarray(drawn, np.float32).reshape(rows, per_cell, columns, per_cell)
    covered: NDArray[np.bool_] = fine.mean(axis=(1, 3)) >= LEAST_COVER
    return covered


def _heights(corners: Corners, rows: int, columns: int, marking: Marking) -> NDArray[np.float64]:
    """A Gaussian as long and as wide as the box, (rows, columns): 1 at its centre, `edge` where it ends."""
    y, x = (np.mgrid[:rows, :columns] + 0.5) * marking.cell_px
    from_centre = np.stack([x, y], axis=-1) - corners.mean(axis=0)
    squared = np.zeros((rows, columns))
    for side in (corners[1] - corners[0], corners[3] - corners[0]):
        length = max(float(np.hypot(*side)), 1e-6)
        squared += (from_centre @ (side / length) / (max(length, marking.cell_px) / 2)) ** 2
    return np.asarray(marking.edge**squared)
