"""Radiographs as other hospitals would hand them out: still the same limb, and still to be read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Grey = NDArray[np.uint8]  # (rows, columns)
Change = Callable[[Grey, np.random.Generator], Grey]


def as_elsewhere(picture: Grey, random: np.random.Generator) -> Grey:
    """The picture after one or two random changes of `CHANGES`."""
    for name in random.choice(list(CHANGES), size=random.integers(1, 3), replace=False):
        picture = CHANGES[name](picture, random)
    return picture


def _sharpened(picture: Grey, random: np.random.Generator) -> Grey:
    """Edge enhancement, as many consoles apply it before export."""
    radius, percent = random.uniform(1, 5), int(random.uniform(40, 220))
    return _filtered(picture, ImageFilter.UnsharpMask(radius, percent, threshold=0))


def _blurred(picture: Grey, random: np.random.Generator) -> Grey:
    return _filtered(picture, ImageFilter.GaussianBlur(random.uniform(0.5, 1.8)))


def _cropped(picture: Grey, random: np.random.Generator) -> Grey:
    """A window of 60 to 95 % of each side, anywhere."""
    spans = []
    for length in picture.shape:
        kept = max(8, round(length * random.uniform(0.6, 0.95)))
        start = int(random.integers(0, max(1, length - kept + 1)))
        spans.append(slice(start, start + kept))
    return picture[spans[0], spans[1]]


def _otherwise_exposed(picture: Grey, random: np.random.Generator) -> Grey:
    """Gamma between 0.6 and 1.7, and highlights or shadows that saturate."""
    grey = (picture / 255.0) ** np.exp(random.uniform(-0.5, 0.5))
    low, high = random.uniform(-0.12, 0.1), random.uniform(0.85, 1.15)
    return _to_grey((grey - low) / (high - low))


def _noisy(picture: Grey, random: np.random.Generator) -> Grey:
    grain = random.normal(0, random.uniform(0.005, 0.03), picture.shape)
    return _to_grey(picture / 255.0 + grain)


def _framed(picture: Grey, random: np.random.Generator) -> Grey:
    """White or black strips along one to four sides, of up to 12 % of the side."""
    framed = picture.copy()
    for side in random.permutation(4)[: random.integers(1, 5)]:
        lines = framed if side < 2 else framed.T
        depth = max(1, int(len(lines) * random.uniform(0.01, 0.12)))
        lines[slice(None, depth) if side % 2 == 0 else slice(-depth, None)] = random.choice((0, 255, 255))
    return framed


def _turned(picture: Grey, random: np.random.Generator) -> Grey:
    turned: Grey = np.rot90(picture, int(random.integers(1, 4)))
    return np.ascontiguousarray(turned[:, ::-1] if random.random() < 0.5 else turned)


CHANGES: dict[str, Change] = {
    "sharpened": _sharpened,
    "blurred": _blurred,
    "cropped": _cropped,
    "otherwise exposed": _otherwise_exposed,
    "noisy": _noisy,
    "framed": _framed,
    "turned": _turned,
}


def _filtered(picture: Grey, kernel: ImageFilter.Filter) -> Grey:
    return np.asarray(Image.fromarray(picture).filter(kernel))


def _to_grey(shares: NDArray[np.floating]) -> Grey:
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
