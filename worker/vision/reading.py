"""What a release says about one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.vision.manifest import BoxPx


@dataclass(frozen=True)
class Box:
    """A suspected fracture, in pixels of the working image."""

    x: float
    y: float
    width: float
    height: float
    score: float  # 0..1, the map's highest probability inside
    kind: str  # "solid" when the verdict is fracture and the place passed the box threshold, else "dotted"

    @property
    def px(self) -> BoxPx:
        return self.x, self.y, self.width, self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Reading:
    """The answer for one image.

    probability  of a fracture, 0..1; None when the image is out of scope
    heatmap      uint8 (rows, columns) over exactly the working image, longer side at most 128, 255 = certain
    """

    probability: float | None
    verdict: str
    boxes: tuple[Box, ...]
    heatmap: NDArray[np.uint8]
