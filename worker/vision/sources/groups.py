"""Which images belong together, so that no fold judges what another has seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HASH_SIDE = 16
TAIL, REACH = 0.005, 0.5  # what counts as outliers among 16-bit values, as in worker/intake/greyscale.py
LEAST_STEP = 2  # grey levels; less is noise on an empty plate
# Of 256. Among the 3,325 images of FracAtlas that were cleared of copies, 3 pairs differ in 4 bits or fewer
# and 152 in 12 or fewer, most of those only alike (2026-11-20).
MOST_BITS_APART = 4

Pair = tuple[int, int]


def joined(names: Sequence[str], pairs: Iterable[Pair]) -> list[str]:
    """The group of each image, called after its first member, when the two of each pair belong together."""
    first = list(range(len(names)))

    def root(place: int) -> int:
        while first[place] != place:
            place = first[place]
        return place

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        first[high] = low
    return [names[root(place)] for place in range(len(names))]


def pairs_of_equals(keys: Sequence[str]) -> list[Pair]:
    """Each place with the first place of the same key."""
    first: dict[str, int] = {}
    return [(first.setdefault(key, place), place) for place, key in enumerate(keys)]


def near_duplicates(paths: Sequence[Path]) -> list[Pair]:
    """Pairs of images that look the same but for size, compression or brightness."""
    hashes = np.stack([_difference_hash(path) for path in paths])
    ones = np.array([value.bit_count() for value in range(256)], np.uint16)
    found = []
    for place in range(len(hashes) - 1):
        apart = ones[hashes[place] ^ hashes[place + 1 :]].sum(axis=1)
        found += [(place, place + 1 + later) for later in np.flatnonzero(apart <= MOST_BITS_APART).tolist()]
    return found


def _difference_hash(path: Path) -> NDArray[np.uint8]:
    """Whether each of 16 x 16 places is brighter than its left neighbour, packed into 32 bytes."""
    with Image.open(path) as image:
        image.draft("L", (4 * HASH_SIDE, 4 * HASH_SIDE))  # a JPEG is decoded at an eighth of its size
        small = _in_8_bits(image).resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.BOX)
    grey = np.asarray(small, np.int16)
    return np.packbits(grey[:, 1:] > grey[:, :-1] + LEAST_STEP)


def _in_8_bits(image: Image.Image) -> Image.Image:
    """As an 8-bit export shows it: 16-bit values by their range but for outliers. Pillow would cut at 255."""
    if not image.mode.startswith("I"):
        return image.convert("L")
    values = np.asarray(image, np.float32)
    low, high = np.percentile(values, (100 * TAIL, 100 * (1 - TAIL)))
    reach = REACH * (high - low)
    low, high = max(values.min(), low - reach), min(values.max(), high + reach)
    shades = np.clip((values - low) / max(high - low, 1), 0, 1) * 255
    return Image.fromarray(np.rint(shades).astype(np.uint8))
