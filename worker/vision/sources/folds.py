"""Deal groups of images into folds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from worker.vision.manifest import Row

FOLDS = 5


def with_folds(rows: Sequence[Row], seed: int) -> list[Row]:
    """The rows in five folds that share no group and hold about as many fractured and sound images each.

    The same rows, in any order, and the same seed give the same folds.
    """
    members: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        members[row.group].append(row)
    if len(members) < FOLDS:
        raise ValueError(f"there are {len(members)} groups of images; {FOLDS} folds need as many at least")
    names = sorted(members)
    np.random.default_rng(seed).shuffle(names)
    names.sort(key=lambda name: _counts(members[name]), reverse=True)  # large ones first; ties stay shuffled
    fold_of, totals = {}, [(0, 0)] * FOLDS
    for name in names:
        fractured, images = _counts(members[name])
        fold = min(range(FOLDS), key=lambda number: totals[number][0 if fractured else 1])
        fold_of[name] = fold
        totals[fold] = totals[fold][0] + fractured, totals[fold][1] + images
    return [replace(row, fold=fold_of[row.group]) for row in rows]


def _counts(rows: Sequence[Row]) -> tuple[int, int]:
    return sum(row.is_fractured for row in rows), len(rows)
