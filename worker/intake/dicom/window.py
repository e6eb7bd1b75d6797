"""The window a file states for its display, as a function of grey values (PS3.3, C.11.2.1.2)."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

SIGMOID_TOP = 65535.0


@dataclass(frozen=True)
class Window:
    centre: float
    width: float
    function: str  # LINEAR, LINEAR_EXACT or SIGMOID

    @property
    def is_sigmoid(self) -> bool:
        return self.function == "SIGMOID"

    def ends(self) -> tuple[float, float]:
        """The grey values shown black and white by the linear functions."""
        if self.function == "LINEAR_EXACT":
            return self.centre - self.width / 2, self.centre + self.width / 2
        return self.centre - 0.5 - (self.width - 1) / 2, self.centre - 0.5 + (self.width - 1) / 2

    def bend(self, greys: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the sigmoid makes of each grey value: 0 to SIGMOID_TOP."""
        steepness = np.clip(-4 * (greys - self.centre) / self.width, -500, 500)
        return SIGMOID_TOP / (1 + np.exp(steepness))


def stated_window(dataset: Dataset) -> Window | None:
    """The first window, or None when there is none that shows anything."""
    centre, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    if centre is None or width is None:
        return None
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    narrowest = 0 if function in ("LINEAR_EXACT", "SIGMOID") else 1
    return Window(centre, width, function) if width > narrowest else None


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first number of an element; None when it is missing, unreadable, infinite or not a number."""
    try:
        value = dataset.get(keyword)
        first = value[0] if isinstance(value, MultiValue) else value
        result = float(first)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return result if isfinite(result) else None
