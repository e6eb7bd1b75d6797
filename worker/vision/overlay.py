"""The heatmap as a picture that lies over the preview."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Probability, then red, green, blue, opacity. From clear over amber to red: it shows on grey bone, and its
# brightness rises with the probability, so that it also reads without colour vision.
STOPS = np.array(
    [
        (0.00, 255, 150, 20, 0),
        (0.10, 255, 150, 20, 0),
        (0.30, 255, 150, 20, 90),
        (0.60, 255, 80, 30, 160),
        (1.00, 255, 30, 60, 210),
    ]
)


def heatmap_png(heatmap: NDArray[np.uint8]) -> bytes:
    """An RGBA PNG of the heatmap's size, transparent where there is nothing to see."""
    value = np.arange(256) / 255
    colours = np.stack([np.interp(value, STOPS[:, 0], STOPS[:, channel]) for channel in range(1, 5)], axis=1)
    picture = Image.fromarray(np.rint(colours).astype(np.uint8)[heatmap], "RGBA")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
