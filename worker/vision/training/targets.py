"""What the map should say: which of its cells lie in a fracture box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from worker.vision.canvas import Canvas

FINE_PX = 4  # boxes are drawn at this stride first
LEAST_COVER = 0.25  # share of a cell that a box must cover


def map_target(
    box_corners: Sequence[NDArray[np.float64]], canvas: Canvas, cell_px: int
) -> NDArray[np.float32]:
    """0 or 1 for each cell, float32 (H/cell, W/cell). A box too small to cover a cell still marks its own."""
    rows, columns = canvas.rows // cell_px, canvas.columns // cell_px
    per_cell = cell_px // FINE_PX
    drawn = Image.new("L", (columns * per_cell, rows * per_cell))
    for corners in box_corners:
        ImageDraw.Draw(drawn).polygon([(x / FINE_PX, y / FINE_PX) for x, y in corners], fill=1)
    fine = np.asarray(drawn, np.float32).reshape(rows, per_cell, columns, per_cell)
    target = (fine.mean(axis=(1, 3)) >= LEAST_COVER).astype(np.float32)
    for corners in box_corners:
        column, row = (corners.mean(axis=0) // cell_px).astype(int)
        if 0 <= row < rows and 0 <= column < columns:
            target[row, column] = 1
    return target
