"""Synthetic radiographs: nobody's bones, but with edges, noise and no symmetry."""

import numpy as np
from numpy.typing import NDArray


def radiograph(width_px: int = 80, height_px: int = 112, bits: int = 8) -> NDArray[np.unsignedinteger]:
    """(rows, columns) uint8 or uint16: a bright slanting shaft, a dark gap across it, a corner marker."""
    rows, columns = np.mgrid[0:height_px, 0:width_px] / [[[height_px]], [[width_px]]]
    shaft = np.exp(-(((columns - 0.35 - 0.2 * rows) / 0.12) ** 2))
    gap = 1 - 0.5 * np.exp(-(((rows - 0.6 - 0.3 * columns) / 0.02) ** 2))
    marker = (rows < 0.15) & (columns > 0.8)
    noise = np.random.default_rng(20).normal(0, 0.02, rows.shape)
    values = np.clip(0.12 + 0.7 * shaft * gap + noise + 0.1 * marker, 0, 1)
    return (values * ((1 << bits) - 1)).astype(np.uint8 if bits <= 8 else np.uint16)


def colour_photo(width_px: int = 96, height_px: int = 64) -> NDArray[np.uint8]:
    """(rows, columns, 3): blue sky over green grass with a red ball."""
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    photo = np.zeros((height_px, width_px, 3), np.uint8)
    photo[rows < height_px / 2] = (90, 150, 240)
    photo[rows >= height_px / 2] = (40, 160, 50)
    photo[(rows - 40) ** 2 + (columns - 30) ** 2 < 200] = (220, 30, 30)
    return photo
