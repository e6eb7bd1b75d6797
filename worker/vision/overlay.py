"""What a reading shows over the image: the heatmap as a picture of its own, or drawn into the image."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.vision.drawn_boxes import draw_boxes
from worker.vision.preprocess import Pixels
from worker.vision.reading import Box

LONGEST_PICTURE_PX = 1600

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
    return _png(_coloured(heatmap))


def picture_with_overlay(
    pixels: Pixels, low: float, high: float, heatmap: NDArray[np.uint8], boxes: Sequence[Box]
) -> bytes:
    """An RGB PNG of the windowed image under its heatmap and boxes, longer side at most LONGEST_PICTURE_PX.

    boxes  in pixels of the image
    """
    shown = np.clip((pixels.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)
    picture = Image.fromarray(np.rint(shown * 255).astype(np.uint8)).convert("RGBA")
    image_size_px = picture.size
    picture.thumbnail((LONGEST_PICTURE_PX, LONGEST_PICTURE_PX))
    picture.alpha_composite(_coloured(heatmap).resize(picture.size, Image.Resampling.BILINEAR))
    draw_boxes(picture, boxes, image_size_px)
    return _png(picture.convert("RGB"))


def _coloured(heatmap: NDArray[np.uint8]) -> Image.Image:
    value = np.arange(256) / 255
    colours = np.stack([np.interp(value, STOPS[:, 0], STOPS[:, channel]) for channel in range(1, 5)], axis=1)
    return Image.fromarray(np.rint(colours).astype(np.uint8)[heatmap])


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
