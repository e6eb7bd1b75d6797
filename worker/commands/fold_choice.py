"""Which folds of a list a run may be trained on, tuned by and judged by."""

from __future__ import annotations

from collections.abc import Sequence

from worker.vision.manifest import Row


def check_folds(
    rows: Sequence[Row], folds_train: Sequence[int], fold_tune: int | None, fold_test: int | None
) -> None:
    """Raises ValueError unless each fold is there and named once, and both kinds teach and tune."""
    named = [*folds_train, *(fold for fold in (fold_tune, fold_test) if fold is not None)]
    known = sorted({row.fold for row in rows if row.fold is not None})
    for fold in named:
        if fold not in known:
            there = f"its folds are {', '.join(map(str, known))}" if known else "it has no folds"
            raise ValueError(f"the list has no row of fold {fold}: {there}")
        if named.count(fold) > 1:
            raise ValueError(
                f"fold {fold} is named twice: --folds-train, --fold-tune and --fold-test must differ, since"
                " images that a network learnt from cannot tune or judge it"
            )
    _check_kinds(rows, folds_train, "to train on")
    if fold_tune is not None:
        _check_kinds(rows, [fold_tune], "to tune by")


def _check_kinds(rows: Sequence[Row], folds: Sequence[int], purpose: str) -> None:
    kinds = {row.is_fractured for row in rows if row.fold in folds}
    for is_fractured, words in ((True, "fractured"), (False, "sound")):
        if is_fractured not in kinds:
            which = f"folds {', '.join(map(str, folds))}" if len(folds) > 1 else f"fold {folds[0]}"
            has = "have" if len(folds) > 1 else "has"
            raise ValueError(f"{which}, {purpose}, {has} no {words} image: both kinds are needed")
