"""What the map should say: which of its cells lie in a fracture box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

FINE_PX = 4  # boxes are drawn at this stride first
LEAST_COVER = 0.25  # share of a cell that a box must cover


def map_target(box_corners: Sequence[NDArray[np.float64]], side_px: int, cell_px: int) -> NDArray[np.float32]:
    """0 or 1 for each cell, float32 (S/cell, S/cell). A box too small to cover a cell still marks its own."""
    cells = side_px // cell_px
    per_cell = cell_px // FINE_PX
    drawn = Image.new("L", (cells * per_cell, cells * per_cell))
    for corners in box_corners:
        ImageDraw.Draw(drawn).polygon([(x / FINE_PX, y / FINE_PX) for x, y in corners], fill=1)
    fine = np.asarray(drawn, np.float32).reshape(cells, per_cell, cells, per_cell)
    target = (fine.mean(axis=(1, 3)) >= LEAST_COVER).astype(np.float32)
    for corners in box_corners:
        column, row = (corners.mean(axis=0) // cell_px).astype(int)
        if 0 <= row < cells and 0 <= column < cells:
            target[row, column] = 1
    return target
