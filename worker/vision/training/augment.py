"""Random changes that leave the diagnosis as it is: position, exposure, sharpness, noise, hidden borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from worker.vision.manifest import BoxPx
from worker.vision.training.samples import Sample

LARGEST_TURN_DEGREES = 20.0
QUARTER_TURN_CHANCE = 0.15  # limbs lie either way on the plate
ZOOM = (0.85, 1.3)
LARGEST_SHIFT_SHARE = 0.08
STRETCH = 0.08  # of one axis against the other

Matrix = NDArray[np.float64]  # (2, 3), source pixel = matrix @ (x, y, 1) of the new image


def augmented(
    sample: Sample, side_px: int, random: np.random.Generator
) -> tuple[NDArray[np.uint8], tuple[NDArray[np.float64], ...]]:
    """A random view of a sample: canvas uint8 (S, S), and the four corners (4, 2) of each box on it."""
    matrix = _random_matrix(len(sample.canvas), side_px, random)
    image = Image.fromarray(sample.canvas).transform(
        (side_px, side_px), Image.Transform.AFFINE, matrix.ravel().tolist(), Image.Resampling.BILINEAR
    )
    if random.random() < 0.35:
        image = _other_sharpness(image, random)
    canvas = _other_exposure(np.asarray(image, np.float32) / np.float32(255), random)
    if random.random() < 0.2:
        _hide_border(canvas, random)
    return np.rint(canvas * 255).astype(np.uint8), _moved(sample.boxes, matrix)


def _random_matrix(from_px: int, to_px: int, random: np.random.Generator) -> Matrix:
    """Turn, zoom, stretch, mirror and shift about the centre, as the inverse map that Pillow wants."""
    angle = np.deg2rad(random.uniform(-LARGEST_TURN_DEGREES, LARGEST_TURN_DEGREES))
    if random.random() < QUARTER_TURN_CHANCE:
        angle += np.pi / 2 * random.choice((1, 2, 3))
    scale = from_px / to_px / np.exp(random.uniform(*np.log(ZOOM)))
    stretch = np.exp(random.uniform(-STRETCH, STRETCH))
    mirror = -1.0 if random.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * stretch * mirror, scale / stretch])
    shift = random.uniform(-LARGEST_SHIFT_SHARE, LARGEST_SHIFT_SHARE, size=2) * from_px
    offset = from_px / 2 + shift - linear @ np.array([to_px / 2, to_px / 2])
    return np.column_stack([linear, offset])


def _moved(boxes: Sequence[BoxPx], matrix: Matrix) -> tuple[NDArray[np.float64], ...]:
    back = np.linalg.inv(matrix[:, :2])
    return tuple((_corners(box) - matrix[:, 2]) @ back.T for box in boxes)


def _corners(box: BoxPx) -> NDArray[np.float64]:
    x, y, width, height = box
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


def _other_sharpness(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Softer, coarser, or sharpened as some machines do before they store an image."""
    way = random.integers(4)
    if way == 0:
        return image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.5)))
    if way == 1:
        coarse = image.reduce(2) if random.random() < 0.5 else image.resize((round(image.width / 1.5),) * 2)
        return coarse.resize(image.size, Image.Resampling.BILINEAR)
    radius, percent = random.uniform(1, 5), int(random.uniform(30, 220))
    return image.filter(ImageFilter.UnsharpMask(radius, percent, threshold=0))


def _other_exposure(canvas: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Gamma, contrast, brightness, and now and then noise."""
    canvas = canvas ** np.float32(np.exp(random.uniform(-0.45, 0.45)))
    contrast, brightness = random.uniform(0.7, 1.35), random.uniform(-0.12, 0.12)
    canvas = (canvas - 0.5) * np.float32(contrast) + np.float32(0.5 + brightness)
    if random.random() < 0.25:
        deviation = np.float32(random.uniform(0.005, 0.03))
        canvas = canvas + deviation * random.standard_normal(canvas.shape, dtype=np.float32)
    return np.clip(canvas, 0, 1)


def _hide_border(canvas: NDArray[np.float32], random: np.random.Generator) -> None:
    """A collimator blade or a white strip over one side, in place."""
    depth = int(len(canvas) * random.uniform(0.02, 0.12))
    grey = np.float32(random.choice((0.0, 0.0, 1.0)))
    side = random.integers(4)
    lines = canvas if side < 2 else canvas.T
    lines[slice(None, depth) if side % 2 == 0 else slice(-depth, None)] = grey
