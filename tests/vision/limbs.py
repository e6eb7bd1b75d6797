"""Drawn limbs: bright bones in a grey arm on a dark plate."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]


def limb(width: int = 160, height: int = 240, at: float = 0.5, seed: int = 0, light: float = 0.8) -> Grey:
    """An upright forearm at a share of the width; uint8 (height, width)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    distance = np.abs(x - at * width) / width
    arm = np.clip(1 - distance / 0.18, 0, 1) ** 0.3
    bones = np.exp(-(((distance - 0.06) / 0.03) ** 2))
    grain = random.normal(0, 0.01, (height, width))
    grey = 0.08 + 0.3 * arm + light * 0.6 * bones + 0.02 * np.sin(y / 5) * arm + grain
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def broken_limb(width: int = 160, height: int = 240, row: int = 120, seed: int = 0) -> Grey:
    """The same with a bright block across the bones at a row: what a small network can learn to find."""
    picture = limb(width, height, seed=seed)
    picture[row - 8 : row + 8, width // 2 - 20 : width // 2 + 20] = 255
    return picture


def write_manifest(folder: Path, count: int, folds: int = 5) -> Path:
    """A manifest of drawn limbs, every third one broken and boxed, every fourth one lying."""
    lines = []
    for number in range(count):
        is_broken = number % 3 == 0
        row = 60 + (number * 37) % 120
        picture = broken_limb(row=row, seed=number) if is_broken else limb(seed=number)
        boxes = [[60, row - 8, 40, 16]] if is_broken else []
        if number % 4 == 1:
            picture, boxes = picture.T, [[y, x, height, width] for x, y, width, height in boxes]
        Image.fromarray(picture).save(folder / f"limb{number}.png")
        line = [
            f"limb{number}.png",
            int(is_broken),
            "hand",
            json.dumps(boxes),
            f"g{number // 2}",
            number % folds,
        ]
        lines.append(line)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "label", "body_part", "boxes", "group", "fold"])
        writer.writerows(lines)
    return folder / "manifest.csv"
