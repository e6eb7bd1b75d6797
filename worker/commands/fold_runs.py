"""One network per fold, trained on the others, and what each says of the fold it never saw."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from worker.commands.recipe import (
    data_for,
    options_of,
    preprocessing_of,
    refuse_another_recipe,
    rows_of,
    samples_of,
)
from worker.commands.trained import refuse_unfinished_start, trained
from worker.commands.training_run import run_training
from worker.vision.manifest import Row
from worker.vision.networks.mirrored import Mirrored
from worker.vision.networks.registry import looks_closely
from worker.vision.sources.layouts import Listed
from worker.vision.training.answers import answers, read_answers, write_answers
from worker.vision.training.checkpoint import BEST_FILE, Options, epochs_of
from worker.vision.training.crew import Crew, alone
from worker.vision.training.judgement import refuse_other_folds
from worker.vision.training.lineage import folds_seen, lineage_of_weights
from worker.vision.training.out_of_fold import Fold
from worker.vision.training.progress import Progress

KeptFold = tuple[Path, Options]
"""The folder that keeps what is said of a fold, and the options by which the fold was held back."""


def folds_of_recipe(asked: argparse.Namespace, progress: Progress) -> list[KeptFold]:
    """Train and read the folds asked for; every fold that is judged, also those not read yet.

    raises  ValueError when the folds asked for are not there or lack one kind of image, or --out holds
            another recipe's
    """
    crew = alone(asked.device, asked.workers)
    data = data_for(asked)
    known = sorted({row.fold for row in data.rows if row.fold is not None})
    judged = judged_of(asked, known)
    _check_kinds(data.rows, judged)
    runs = {number: asked.out / f"fold-{number}" for number in judged}
    options = {number: _options(asked, data, known, number) for number in judged}
    wanted = wanted_of(asked, judged)
    for number in judged:
        refuse_another_recipe(options[number], runs[number])
    data.keep()
    for number in progress.over(wanted, len(wanted), "folds"):
        _finish(options[number], runs[number], asked.mirrored, crew, progress)
    return [(runs[number], options[number]) for number in judged]


def judged_of(asked: argparse.Namespace, known: Iterable[int]) -> list[int]:
    """The folds that are judged, in order.

    raises  ValueError unless there are two or more, or when --out holds the judgement of others
    """
    known = sorted(known)
    if len(known) < 2:
        raise ValueError("there are fewer than two folds")
    chosen = known if asked.folds is None else sorted(set(asked.folds))
    if len(chosen) < 2 or not set(chosen) <= set(known):
        raise ValueError(f"--folds must name two or more of {', '.join(map(str, known))}")
    refuse_other_folds(asked.out, chosen)
    return chosen


def wanted_of(asked: argparse.Namespace, judged: Sequence[int]) -> Sequence[int]:
    """The folds that this process works on. Raises ValueError when --fold is none of those judged."""
    if asked.fold not in (None, *judged):
        raise ValueError(f"--fold must be one of {', '.join(map(str, judged))}")
    return judged if asked.fold is None else [asked.fold]


def read_fold(folder: Path, runs: Sequence[Path], is_mirrored: bool) -> None:
    """Keep in `folder` what the networks of these runs, together, say of the fold they never saw."""
    made = trained(runs)
    options = made.options[0]
    assert options.fold_test is not None
    network = Mirrored(made.network) if is_mirrored else made.network
    said = answers(network, samples_of(options, [options.fold_test]), preprocessing_of(options))
    write_answers(folder, rows_of(options, [options.fold_test]), said, is_mirrored)


def is_read(folder: Path, options: Options, is_mirrored: bool) -> bool:
    """Whether what was said of a fold is kept. Raises ValueError when it was said of other images."""
    assert options.fold_test is not None
    return read_answers(folder, rows_of(options, [options.fold_test]), is_mirrored) is not None


def fold_in(folder: Path, options: Options, is_mirrored: bool) -> Fold:
    """A fold that `is_read`, with what was said of it."""
    number = options.fold_test
    assert number is not None
    rows = rows_of(options, [number])
    said = read_answers(folder, rows, is_mirrored)
    assert said is not None
    return Fold(number, rows, samples_of(options, [number]), said)


def _options(asked: argparse.Namespace, data: Listed, known: Sequence[int], number: int) -> Options:
    others = tuple(other for other in known if other != number)
    options = options_of(asked, data, others, fold_tune=None, fold_test=number)
    if asked.weights is None:
        return options
    start = asked.weights / f"fold-{number}" / BEST_FILE if asked.weights.is_dir() else asked.weights
    if number in folds_seen(lineage_of_weights(start).runs, data.manifest, data.text):
        raise ValueError(f"{start} was not trained without fold {number}")
    refuse_unfinished_start(start)
    return dataclasses.replace(options, weights=str(start))


def members_of(asked: argparse.Namespace, number: int) -> list[Path]:
    """The runs whose networks read a fold, together."""
    return [where / f"fold-{number}" for where in asked.mean_of or [asked.out]]


def _check_kinds(rows: Sequence[Row], judged: Sequence[int]) -> None:
    """Raises ValueError unless each judged fold can be calibrated by the others: that takes both kinds."""
    for number in judged:
        kinds = {row.is_fractured for row in rows if row.fold in judged and row.fold != number}
        if kinds != {True, False}:
            raise ValueError(
                f"fold {number} cannot be judged: the other folds need fractured images and sound ones"
            )


def _finish(options: Options, folder: Path, is_mirrored: bool, crew: Crew, progress: Progress) -> None:
    """Train the network of one fold where that is not done yet, and keep what it says of the fold.

    One that looks from near says nothing by itself.
    """
    reads = not looks_closely(options.arch)
    if reads and is_read(folder, options, is_mirrored):
        return
    if not (folder / BEST_FILE).exists() or epochs_of(folder)["epochs_done"] < options.epochs:
        run_training(options, folder, crew, progress)
    if reads:
        read_fold(folder, [folder], is_mirrored)
