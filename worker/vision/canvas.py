"""The canvases that a network reads: a square, or rectangles of its area too, for limbs that are long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

STEP_PX = 32  # a side must be a multiple of it: the stride of the coarsest features
LONGEST_SHARE = 1.5  # of the square's side


class Canvas(NamedTuple):
    rows: int  # pixels
    columns: int

    def turned(self) -> Canvas:
        """Lying the other way."""
        return Canvas(self.columns, self.rows)

    def larger(self, factor: float) -> Canvas:
        return Canvas(round(self.rows * factor), round(self.columns * factor))


def canvases(side_px: int, follows_limb: bool) -> tuple[Canvas, ...]:
    """The square of this side first; then, when asked for, rectangles of no more pixels.

    Those of a limb twice as long as wide show it a third larger than the square does, at the same price.
    """
    found = [Canvas(side_px, side_px)]
    shorter = range(side_px - STEP_PX, 0, -STEP_PX) if follows_limb else ()
    for short in shorter:
        long = side_px * side_px // short // STEP_PX * STEP_PX
        if long > LONGEST_SHARE * side_px:
            break
        found += [Canvas(long, short), Canvas(short, long)]
    return tuple(found)


def roomiest(width: float, height: float, offered: Sequence[Canvas]) -> Canvas:
    """The canvas that shows content of these proportions largest; the first of equals."""
    return max(offered, key=lambda canvas: fit(width, height, canvas))


def fit(width: float, height: float, canvas: Canvas) -> float:
    """The largest scale at which the content lies inside the canvas."""
    return min(canvas.columns / width, canvas.rows / height)
