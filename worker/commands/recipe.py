"""A training run's options and images, shared by the commands that train."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from worker.commands.files import known_image
from worker.commands.fold_choice import check_folds
from worker.commands.trained import refuse_unfinished_start
from worker.vision.card import PreprocessingCard
from worker.vision.list_digest import list_sha256
from worker.vision.manifest import Row, read_manifest, rows_in
from worker.vision.networks.registry import (
    ARCHITECTURES,
    looks_closely,
)
from worker.vision.preprocess import VERSION
from worker.vision.sources.layouts import Listed, listed
from worker.vision.split_groups import split_groups
from worker.vision.training.checkpoint import OPTIONS_FILE, Options, differences
from worker.vision.training.crew import chosen_device
from worker.vision.training.precision import usual_precision
from worker.vision.training.progress import SILENT, Progress
from worker.vision.training.samples import Sample, read_samples

BLACK_PERCENTILE, WHITE_PERCENTILE = 1.0, 99.7


def options_of(
    asked: argparse.Namespace,
    data: Listed,
    folds_train: tuple[int, ...],
    fold_tune: int | None,
    fold_test: int | None,
    patience: int | None = None,
) -> Options:
    """One run of the recipe asked for. Raises ValueError when it cannot be run."""
    if asked.side % 32 or (asked.first_side or 0) % 32:
        raise ValueError("--side and --first-side must be multiples of 32")
    if patience == 0:
        raise ValueError("--patience must be at least one epoch")
    if patience is not None and fold_tune is None:
        raise ValueError("--patience needs a tuning fold: without one no epoch is better than another")
    if asked.weights is not None and not asked.weights.exists():
        raise ValueError(f"there are no weights at {asked.weights}")
    if asked.weights is not None:
        refuse_unfinished_start(asked.weights)
    if asked.average_start and asked.weights is None:
        raise ValueError("--average-start needs --weights: without them a run starts from random ones")
    check_folds(data.rows, folds_train, fold_tune, fold_test)
    _check_closeness(asked, fold_tune)
    return Options(
        manifest=str(data.manifest),
        arch=asked.arch,
        weights=None if asked.weights is None else str(asked.weights),
        epochs=asked.epochs,
        batch_size=asked.batch_size,
        side=asked.side,
        folds_train=folds_train,
        fold_tune=fold_tune,
        fold_test=fold_test,
        seed=asked.seed,
        learning_rate=asked.learning_rate,
        precision=asked.precision or usual_precision(chosen_device(asked.device)),
        first_side=asked.first_side,
        box_supervision=not asked.without_boxes,
        finds_limb=not asked.whole_image,
        follows_limb=not asked.square,
        patience=patience,
        average_start=asked.average_start,
        peaked_boxes=not (asked.level_boxes or asked.without_boxes),
        places_of=None if asked.places_of is None else str(asked.places_of),
        list_sha256=data.sha256,
        groups_split=len(split_groups(data.rows)),
        known_as=data.known_as,
    )


def _check_closeness(asked: argparse.Namespace, fold_tune: int | None) -> None:
    """Raises ValueError when a closer is not told where to look, or asked for what it cannot do."""
    if not looks_closely(asked.arch):
        if asked.places_of is not None:
            raise ValueError(f"--places-of is for networks that look from near, and {asked.arch} is none")
        return
    if asked.places_of is None:
        raise ValueError(
            f"{asked.arch} looks from near: give the cross-validation that tells it where, as --places-of"
        )
    if fold_tune is not None:
        raise ValueError(f"{asked.arch} chooses no epoch by a tuning fold: give --fold-tune none")
    if asked.first_side or asked.without_boxes or asked.level_boxes:
        raise ValueError(f"{asked.arch} knows no --first-side, --without-boxes or --level-boxes")


def data_for(asked: argparse.Namespace) -> Listed:
    """The images asked for, listed in --out once they are kept; says how many are left out.

    raises  ValueError without any data
    """
    if asked.data is None:
        raise ValueError("--data is needed for a new run: a manifest, or a folder of labelled images")
    data = listed(asked.data, asked.out, asked.seed)
    if data.left_out:
        print(
            f"files of {asked.data} whose names do not end as those of JPEG, PNG or TIFF are left out"
            f" ({data.left_out}): DICOM files can be listed in a manifest",
            file=sys.stderr,
        )
    if without := sum(row.fold is None for row in data.rows):
        print(f"{without} of {len(data.rows)} rows name no fold and are left out", file=sys.stderr)
    return data


def refuse_another_recipe(options: Options, folder: Path) -> None:
    """Raises ValueError when the folder holds a run of other options, or one taught by another list."""
    if not (folder / OPTIONS_FILE).exists():
        return
    there = Options.read(folder)
    if unlike := differences(there, options):
        raise ValueError(
            f"{folder} holds a run of another recipe ({'; '.join(unlike)}):"
            " give another --out, or the same options"
        )
    if there.list_sha256 not in (None, options.list_sha256):
        raise ValueError(f"{_changed(options)} the run in {folder} was started: give another --out")


def _changed(options: Options) -> str:
    return f"{options.manifest} lists other images, labels, boxes, groups or folds than when"


def preprocessing_of(options: Options) -> PreprocessingCard:
    """How this version prepares images for a run."""
    scale = ARCHITECTURES[options.arch].scale
    return PreprocessingCard(
        version=VERSION,
        side_px=options.side,
        black_percentile=BLACK_PERCENTILE,
        white_percentile=WHITE_PERCENTILE,
        mean=(scale.mean,),
        deviation=(scale.deviation,),
        finds_limb=options.finds_limb,
        follows_limb=options.follows_limb,
    )


def rows_of(options: Options, folds: Sequence[int]) -> list[Row]:
    """Those that a run's list has in some folds. Raises ValueError when the list was changed since."""
    manifest = Path(options.manifest)
    rows = read_manifest(manifest)
    if options.list_sha256 not in (None, list_sha256(rows)):
        raise ValueError(f"{_changed(options)} the run was started: put the list back, or start another run")
    return rows_in(rows, folds, manifest)


def samples_of(
    options: Options, folds: Sequence[int], spare: bool = False, progress: Progress = SILENT
) -> list[Sample]:
    rows = rows_of(options, folds)
    return read_samples(
        progress.over(rows, len(rows), "images"), preprocessing_of(options), spare, known_image
    )


def say(line: str) -> None:
    print(line, flush=True)
