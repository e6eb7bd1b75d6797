"""Find the part of a radiograph that shows anatomy, so that the network spends its pixels there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SEARCH_SIDE_PX = 128
BORDER_SHARE = 0.04  # collimator edges and white strips lie here in FracAtlas; they are not anatomy
STEP_FLOOR, STEP_CEILING = 0.03, 0.15  # grey step between neighbours, as a share of the image's own contrast
TAIL_SHARE = 0.01  # of the edges on each side may be left out: noise, dust, a marker
MARGIN_SHARE = 0.05
SMALLEST_SHARE = 0.35  # a smaller find is more often a marker than a limb


@dataclass(frozen=True)
class Rect:
    """Edges in pixels, right and bottom exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


def content_rect(image: NDArray[np.float32]) -> Rect:
    """The rectangle, in pixels of `image` (rows, columns), that holds the limb; all of it when in doubt.

    Rows are kept for the vertical edges in them: a limb has those and a horizontal white strip has not.
    """
    height, width = image.shape
    small = _thumbnail(image)
    low, high = np.percentile(small, (1, 99))
    if high - low <= 1e-6:
        return Rect(0, 0, width, height)
    small = np.clip((small - low) / (high - low), 0, 1)
    across = np.zeros_like(small)
    across[:, 1:-1] = np.abs(small[:, 2:] - small[:, :-2])
    down = np.zeros_like(small)
    down[1:-1] = np.abs(small[2:] - small[:-2])
    top, bottom = _extent(_edges(across).sum(axis=1))
    left, right = _extent(_edges(np.maximum(across, down))[top:bottom].sum(axis=0))
    scale_y, scale_x = height / small.shape[0], width / small.shape[1]
    return _grown(Rect(left * scale_x, top * scale_y, right * scale_x, bottom * scale_y), width, height)


def _thumbnail(image: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = image.shape
    scale = min(1.0, SEARCH_SIDE_PX / max(height, width))
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX), dtype=np.float32)


def _edges(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of an edge each pixel is: nothing for noise, no more for metal than for bone."""
    edges = np.clip(steps - STEP_FLOOR, 0, STEP_CEILING)
    for axis in (0, 1):
        border = max(1, round(edges.shape[axis] * BORDER_SHARE))
        ends = np.moveaxis(edges, axis, 0)
        ends[:border] = 0
        ends[-border:] = 0
    return edges


def _extent(edges: NDArray[np.float32]) -> tuple[int, int]:
    """First and one past the last line after leaving out the tails; everything when there is no edge."""
    total = float(edges.sum())
    if total <= 0:
        return 0, len(edges)
    running = np.cumsum(edges) / total
    first, last = np.searchsorted(running, (TAIL_SHARE, 1 - TAIL_SHARE))
    return int(first), min(len(edges), int(last) + 1)


def _grown(rect: Rect, width: int, height: int) -> Rect:
    """`rect` with a margin on each side, not smaller than a share of the image, inside the image."""
    left, right = _grown_span(rect.left, rect.right, width)
    top, bottom = _grown_span(rect.top, rect.bottom, height)
    return Rect(left, top, right, bottom)


def _grown_span(start: float, end: float, limit: int) -> tuple[float, float]:
    margin = max(MARGIN_SHARE * limit, (SMALLEST_SHARE * limit - (end - start)) / 2)
    return max(0.0, start - margin), min(float(limit), end + margin)
