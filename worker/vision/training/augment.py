"""Random changes that leave the diagnosis as it is: position, exposure, sharpness, noise, hidden borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from worker.vision.canvas import Canvas, fit
from worker.vision.manifest import BoxPx
from worker.vision.training.samples import Sample

LARGEST_TURN_DEGREES = 20.0
UPSIDE_DOWN_CHANCE, SIDEWAYS_CHANCE = 0.05, 0.1  # limbs lie either way on the plate
ZOOM = (0.85, 1.3)
LARGEST_SHIFT_SHARE = 0.08
STRETCH = 0.08  # of one axis against the other
LONGEST_STEP = 1.2  # in source pixels, up to which every one of them counts without averaging

Matrix = NDArray[np.float64]  # (2, 3), source pixel = matrix @ (x, y, 1) of the new image


def augmented(
    sample: Sample, canvas: Canvas, is_sideways: bool, random: np.random.Generator
) -> tuple[NDArray[np.uint8], tuple[NDArray[np.float64], ...]]:
    """A random view of a sample: uint8 (H, W) of `canvas`, and the four corners (4, 2) of each box on it.

    is_sideways  turned by a quarter, either way
    """
    matrix = _random_matrix(Canvas(*sample.canvas.shape), canvas, is_sideways, random)
    image = _resampled(Image.fromarray(sample.canvas), canvas, matrix)
    if random.random() < 0.35:
        image = other_sharpness(image, random)
    view = other_exposure(np.asarray(image, np.float32) / np.float32(255), random)
    if random.random() < 0.2:
        _hide_border(view, random)
    return np.rint(view * 255).astype(np.uint8), _moved(sample.boxes, matrix)


def _random_matrix(given: Canvas, wanted: Canvas, is_sideways: bool, random: np.random.Generator) -> Matrix:
    """Turn, zoom, stretch, mirror and shift about the centre, as the inverse map that Pillow wants."""
    angle = np.deg2rad(random.uniform(-LARGEST_TURN_DEGREES, LARGEST_TURN_DEGREES))
    quarters = random.choice((1, 3)) if is_sideways else 2 * (random.random() < UPSIDE_DOWN_CHANCE)
    angle += np.pi / 2 * quarters
    seen = given.turned() if is_sideways else given
    scale = 1 / fit(seen.columns, seen.rows, wanted) / np.exp(random.uniform(*np.log(ZOOM)))
    stretch = np.exp(random.uniform(-STRETCH, STRETCH))
    mirror = -1.0 if random.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * stretch * mirror, scale / stretch])
    centre, new_centre = (np.array([canvas.columns, canvas.rows]) / 2 for canvas in (given, wanted))
    shift = random.uniform(-LARGEST_SHIFT_SHARE, LARGEST_SHIFT_SHARE, size=2) * 2 * centre
    offset = centre + shift - linear @ new_centre
    return np.column_stack([linear, offset])


def _resampled(given: Image.Image, canvas: Canvas, matrix: Matrix) -> Image.Image:
    """The view that `matrix` tells, as sharp as a reading's canvas: not blurred by this step, not aliased."""
    step = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))  # source pixels per pixel of the view
    if step > LONGEST_STEP:
        size = round(given.width / step), round(given.height / step)
        matrix = np.diag([size[0] / given.width, size[1] / given.height]) @ matrix
        given = given.resize(size, Image.Resampling.BILINEAR)  # which averages what falls on one pixel
    return given.transform(
        canvas[::-1], Image.Transform.AFFINE, matrix.ravel().tolist(), Image.Resampling.BICUBIC
    )


def _moved(boxes: Sequence[BoxPx], matrix: Matrix) -> tuple[NDArray[np.float64], ...]:
    back = np.linalg.inv(matrix[:, :2])
    return tuple((_corners(box) - matrix[:, 2]) @ back.T for box in boxes)


def _corners(box: BoxPx) -> NDArray[np.float64]:
    x, y, width, height = box
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


def other_sharpness(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Softer, coarser, or sharpened as some machines do before they store an image."""
    way = random.integers(4)
    if way == 0:
        return image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.5)))
    if way == 1:
        size = round(image.width / 1.5), round(image.height / 1.5)
        coarse = image.reduce(2) if random.random() < 0.5 else image.resize(size)
        return coarse.resize(image.size, Image.Resampling.BILINEAR)
    radius, percent = random.uniform(1, 5), int(random.uniform(30, 220))
    return image.filter(ImageFilter.UnsharpMask(radius, percent, threshold=0))


def other_exposure(canvas: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
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
    grey = np.float32(random.choice((0.0, 0.0, 1.0)))
    side = random.integers(4)
    lines = canvas if side < 2 else canvas.T
    depth = int(len(lines) * random.uniform(0.02, 0.12))
    lines[slice(None, depth) if side % 2 == 0 else slice(-depth, None)] = grey
