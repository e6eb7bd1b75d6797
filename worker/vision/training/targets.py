"""What the map should say: which of its cells lie in a fracture box, its centre most of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.vision.canvas import Canvas

FINE_PX = 2  # distance of the points by which the cover of a cell is told
LEAST_COVER = 0.25  # share of a cell that a box must cover
PEAKED, LEVEL = 0.4, 1.0  # `docs/experiments.md` says what the peak brings

Corners = NDArray[np.float64]  # (4, 2), x and y in pixels of the canvas, going round the box
Shape = tuple[int, int]  # rows, columns


class Marking(NamedTuple):
    """How boxes are marked on the map."""

    cell_px: int  # stride of the map
    edge: float = PEAKED  # what a box's rim is taught where its centre is taught 1


def map_target(boxes: Sequence[Corners], canvas: Canvas, marking: Marking) -> NDArray[np.float32]:
    """What each cell is taught, float32 (H/cell, W/cell): 0 outside the boxes, `edge` to 1 inside.

    A box too small to cover a cell still marks its own.
    """
    shape = canvas.rows // marking.cell_px, canvas.columns // marking.cell_px
    target = np.zeros(shape)
    for corners in boxes:
        heights = np.maximum(_heights(corners, shape, marking), marking.edge)
        target = np.maximum(target, _is_covered(corners, shape, marking.cell_px) * heights)
    for corners in boxes:
        column, row = (corners.mean(axis=0) // marking.cell_px).astype(int)
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            target[row, column] = 1
    return target.astype(np.float32)


def _is_covered(corners: Corners, shape: Shape, cell_px: int) -> NDArray[np.bool_]:
    """Whether enough of each cell, (rows, columns), lies under the box."""
    (rows, columns), per_cell = shape, cell_px // FINE_PX
    along, across = _from_centre(corners, (rows * per_cell, columns * per_cell), FINE_PX, 0)
    is_under = (np.abs(along) <= 1) & (np.abs(across) <= 1)
    share = is_under.reshape(rows, per_cell, columns, per_cell).mean(axis=(1, 3))
    return np.asarray(share >= LEAST_COVER)


def _heights(corners: Corners, shape: Shape, marking: Marking) -> NDArray[np.float64]:
    """A Gaussian as long and as wide as the box, (rows, columns): 1 at its centre, `edge` where it ends."""
    along, across = _from_centre(corners, shape, marking.cell_px, marking.cell_px)
    return np.asarray(marking.edge ** (along**2 + across**2))


def _from_centre(
    corners: Corners, shape: Shape, step_px: int, least_px: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far points a step apart lie from the box's centre along its two sides: 1 is where the box ends.

    A side shorter than `least_px` counts as that long.
    """
    y, x = (np.mgrid[: shape[0], : shape[1]] + 0.5) * step_px
    offset = np.stack([x, y], axis=-1) - corners.mean(axis=0)
    distances = []
    for side in (corners[1] - corners[0], corners[3] - corners[0]):
        length = max(float(np.hypot(*side)), 1e-6)
        distances.append(offset @ (side / length) / (max(length, least_px, 1e-6) / 2))
    return distances[0], distances[1]
