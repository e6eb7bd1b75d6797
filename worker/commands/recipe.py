"""A training run by its options, shared by the commands that train."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from worker.commands.files import known_image
from worker.commands.fold_choice import check_folds
from worker.vision.card import PreprocessingCard
from worker.vision.list_digest import list_sha256
from worker.vision.manifest import Row, read_manifest, rows_in
from worker.vision.networks.registry import ARCHITECTURES, build_reader, load_start
from worker.vision.preprocess import VERSION
from worker.vision.sources.layouts import Listed, listed
from worker.vision.split_groups import split_groups
from worker.vision.training.batches import batches_per_epoch
from worker.vision.training.checkpoint import OPTIONS_FILE, Options, differences
from worker.vision.training.crew import ALONE, Crew, chosen_device
from worker.vision.training.environment import environment
from worker.vision.training.loop import Trainer
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
    if asked.average_start and asked.weights is None:
        raise ValueError("--average-start needs --weights: without them a run starts from random ones")
    check_folds(data.rows, folds_train, fold_tune, fold_test)
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
        list_sha256=data.sha256,
        groups_split=len(split_groups(data.rows)),
        known_as=data.known_as,
    )


def data_for(asked: argparse.Namespace) -> Listed:
    """The images asked for, listed in --out once they are kept; says how many are in no fold.

    raises  ValueError without any data
    """
    if asked.data is None:
        raise ValueError("--data is needed for a new run: a manifest, or a folder of labelled images")
    data = listed(asked.data, asked.out, asked.seed)
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
    percentiles = BLACK_PERCENTILE, WHITE_PERCENTILE
    channel = (scale.mean,), (scale.deviation,)
    shown = options.finds_limb, options.follows_limb
    return PreprocessingCard(VERSION, options.side, *percentiles, *channel, *shown)


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


def run_training(
    options: Options, folder: Path, crew: Crew = ALONE, progress: Progress | None = None
) -> None:
    """Train a run to its end, or go on with the one in `folder`; of a crew only the leading process speaks.

    raises  ValueError when there are too few images, or the crew cannot share the batches
    """
    progress = (progress or Progress(sys.stdout)) if crew.leads else SILENT
    if options.batch_size % crew.size:
        raise ValueError(f"--batch-size must be a multiple of the {crew.size} processes that share it")
    torch.manual_seed(options.seed)
    network = build_reader(options.arch)
    if options.weights is not None:
        load_start(network, Path(options.weights))
    train = samples_of(options, options.folds_train, spare=True, progress=progress)
    tune = []
    if options.fold_tune is not None and crew.leads:
        tune = samples_of(options, [options.fold_tune], progress=progress)
    progress.say(f"{len(train)} images to train on, {len(tune)} to choose by")
    if not batches_per_epoch(train, options.batch_size, preprocessing_of(options)):
        raise ValueError(f"--batch-size: there are fewer images than the {options.batch_size} of one batch")
    if crew.leads:  # now that all is there: what cannot be trained leaves no run behind
        folder.mkdir(parents=True, exist_ok=True)
        weights = None if options.weights is None else Path(options.weights)
        options.write(folder, environment(crew.device, crew.size, weights))
    Trainer(network, options, preprocessing_of(options), folder, crew, progress).run(train, tune)


def say(line: str) -> None:
    print(line, flush=True)
