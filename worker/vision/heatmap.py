"""From the network's map on its canvas to a small picture over the whole image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.vision.preprocess import Placement

LONG_SIDE_PX = 128


def image_heatmap(fine: NDArray[np.float32], placement: Placement) -> NDArray[np.uint8]:
    """Lay a map over the image: 0 where the network did not look, otherwise 255 times the probability.

    fine    probabilities over the canvas, as `finer` gives them
    return  uint8, the image's proportions, longer side LONG_SIDE_PX
    """
    scale = LONG_SIDE_PX / max(placement.image_width_px, placement.image_height_px)
    width = max(1, round(placement.image_width_px * scale))
    height = max(1, round(placement.image_height_px * scale))
    x, y = placement.to_canvas(
        (np.arange(width) + 0.5) * (placement.image_width_px / width),
        (np.arange(height) + 0.5) * (placement.image_height_px / height),
    )
    canvas = placement.canvas
    columns = _sampling(x, canvas.columns, fine.shape[1], placement.pad_x, placement.width)
    rows = _sampling(y, canvas.rows, fine.shape[0], placement.pad_y, placement.height)
    return np.rint(np.clip(rows @ fine @ columns.T, 0, 1) * 255).astype(np.uint8)


def peak(heatmap: NDArray[np.uint8], placement: Placement) -> tuple[float, float]:
    """The image position (x, y) of the hottest heatmap pixel."""
    row, column = np.unravel_index(int(heatmap.argmax()), heatmap.shape)
    x = (column + 0.5) * placement.image_width_px / heatmap.shape[1]
    y = (row + 0.5) * placement.image_height_px / heatmap.shape[0]
    return float(x), float(y)


def _sampling(
    positions: NDArray[np.floating[Any]], side_px: int, count: int, pad: int, length: int
) -> NDArray[np.float32]:
    """Linear interpolation along one axis as a matrix (positions, count); rows outside the content are 0."""
    cell = np.clip(positions * count / side_px - 0.5, 0, count - 1)
    below = np.minimum(cell.astype(int), max(count - 2, 0))
    share = cell - below
    matrix = np.zeros((len(positions), count), np.float32)
    lines = np.arange(len(positions))
    matrix[lines, below] = 1 - share
    matrix[lines, np.minimum(below + 1, count - 1)] += share
    matrix[(positions < pad) | (positions > pad + length)] = 0
    return matrix
