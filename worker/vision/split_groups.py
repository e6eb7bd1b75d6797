"""Groups of images, such as those of one patient, that lie in more than one fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from worker.vision.manifest import Row


def split_groups(rows: Iterable[Row]) -> set[str]:
    """Their names; rows without a fold count nowhere."""
    folds_of: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.fold is not None:
            folds_of[row.group].add(row.fold)
    return {group for group, folds in folds_of.items() if len(folds) > 1}
