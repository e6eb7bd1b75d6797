"""From a grey radiograph to the network's input, and back: the one function for training and serving.

Only numpy and Pillow are used, so that a worker reads on a CPU with nothing else installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.vision.canvas import Canvas, fit, roomiest
from worker.vision.card import PreprocessingCard
from worker.vision.content import Rect, content_rect

VERSION = 2  # raised with every change that alters a tensor; a card names the version of its training
READABLE = (1, 2)  # before 2 every canvas was a square, as `follows_limb` says of such a card

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Position = TypeVar("Position", float, NDArray[np.floating[Any]])


@dataclass(frozen=True)
class Placement:
    """Where a part of the image lies on its canvas: canvas = (image - rect corner) * scale + pad."""

    canvas: Canvas
    image_width_px: int
    image_height_px: int
    rect: Rect  # the part of the image that is shown, in image pixels
    scale_x: float  # canvas pixels per image pixel
    scale_y: float
    pad_x: int  # canvas pixels left of the content
    pad_y: int
    width: int  # of the content on the canvas
    height: int

    def to_image(self, x: Position, y: Position) -> tuple[Position, Position]:
        """The image position of a canvas position."""
        left, top = self.rect.left, self.rect.top
        return (x - self.pad_x) / self.scale_x + left, (y - self.pad_y) / self.scale_y + top

    def to_canvas(self, x: Position, y: Position) -> tuple[Position, Position]:
        """The canvas position of an image position."""
        left, top = self.rect.left, self.rect.top
        return (x - left) * self.scale_x + self.pad_x, (y - top) * self.scale_y + self.pad_y


@dataclass(frozen=True)
class Prepared:
    """One image, ready for the network.

    tensor  float32 (C, H, W); axes channel, row, column; normalised as the card says
    """

    tensor: NDArray[np.float32]
    placement: Placement


def prepare(pixels: Pixels, low: float, high: float, card: PreprocessingCard) -> Prepared:
    """Prepare one radiograph for the network.

    pixels  (rows, columns), uint8 or uint16, bone bright
    low     grey value shown black
    high    grey value shown white
    raises  ValueError for another shape or type; an image of one grey value is fine and gives a flat tensor
    """
    canvas, placement = letterbox(pixels, low, high, card.canvases, card)
    return Prepared(normalise(canvas, card), placement)


def letterbox(
    pixels: Pixels, low: float, high: float, offered: Sequence[Canvas], card: PreprocessingCard
) -> tuple[NDArray[np.uint8], Placement]:
    """The windowed limb, as large as fits, centred on the canvas that shows it largest; uint8 (H, W)."""
    if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16) or 0 in pixels.shape:
        raise ValueError(f"expected grey uint8 or uint16 rows and columns, got {pixels.dtype} {pixels.shape}")
    image_height, image_width = pixels.shape
    window = _window(_shrunk(pixels, 2 * max(map(max, offered))), low, high)
    step_x, step_y = image_width / window.shape[1], image_height / window.shape[0]
    rect = content_rect(window) if card.finds_limb else Rect(0, 0, window.shape[1], window.shape[0])
    shown = _stretched(window, rect, card)
    limb_width, limb_height = rect.width * step_x, rect.height * step_y
    canvas = roomiest(limb_width, limb_height, offered)
    larger = fit(limb_width, limb_height, canvas)
    width, height = max(1, round(limb_width * larger)), max(1, round(limb_height * larger))
    resized = Image.fromarray(shown).resize(
        (width, height), Image.Resampling.BILINEAR, box=(rect.left, rect.top, rect.right, rect.bottom)
    )
    pad_x, pad_y = (canvas.columns - width) // 2, (canvas.rows - height) // 2
    drawn = np.zeros(canvas, np.uint8)
    drawn[pad_y : pad_y + height, pad_x : pad_x + width] = np.asarray(resized)
    in_image = Rect(rect.left * step_x, rect.top * step_y, rect.right * step_x, rect.bottom * step_y)
    return drawn, Placement(
        canvas=canvas,
        image_width_px=image_width,
        image_height_px=image_height,
        rect=in_image,
        scale_x=width / in_image.width,
        scale_y=height / in_image.height,
        pad_x=pad_x,
        pad_y=pad_y,
        width=width,
        height=height,
    )


def normalise(canvas: NDArray[np.uint8], card: PreprocessingCard) -> NDArray[np.float32]:
    """uint8 (H, W) to float32 (C, H, W): to 0..1, then (value - mean) / deviation of each channel."""
    mean = np.asarray(card.mean, np.float32)[:, None, None]
    deviation = np.asarray(card.deviation, np.float32)[:, None, None]
    return (canvas[None].astype(np.float32) / np.float32(255) - mean) / deviation


def _shrunk(pixels: Pixels, least_side_px: int) -> NDArray[np.float32]:
    """Block means by the largest whole factor that leaves the longer side at `least_side_px` or more.

    Rows and columns that fill no whole block are averaged over what is there (the last line is repeated).
    """
    factor = max(pixels.shape) // least_side_px
    if factor < 2:
        return pixels.astype(np.float32)
    missing = [(0, -length % factor) for length in pixels.shape]
    whole = np.pad(pixels, missing, mode="edge")
    rows, columns = whole.shape[0] // factor, whole.shape[1] // factor
    return whole.reshape(rows, factor, columns, factor).mean(axis=(1, 3), dtype=np.float32)


def _window(image: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    return np.clip((image - np.float32(low)) / np.float32(max(high - low, 1e-6)), 0, 1)


def _stretched(window: NDArray[np.float32], rect: Rect, card: PreprocessingCard) -> NDArray[np.uint8]:
    """Spread the grey values between two percentiles of the shown part over 0..255; flat becomes black."""
    part = window[int(rect.top) : int(np.ceil(rect.bottom)), int(rect.left) : int(np.ceil(rect.right))]
    low, high = np.percentile(part, (card.black_percentile, card.white_percentile))
    if high - low < 1 / 512:  # less than half a grey level of an 8-bit image: there is nothing to see
        return np.zeros(window.shape, np.uint8)
    return np.rint(np.clip((window - low) / (high - low), 0, 1) * 255).astype(np.uint8)
