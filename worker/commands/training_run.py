"""A training run by its options: what its network is taught, to the end."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import torch

from worker.commands.recipe import preprocessing_of, rows_of, samples_of
from worker.vision.card import file_sha256
from worker.vision.networks.reader import Reader
from worker.vision.networks.registry import Trainable, build_trainable, load_start
from worker.vision.training.answers import read_answers
from worker.vision.training.checkpoint import STATE_FILE, Options, environment_of
from worker.vision.training.close_ups import CloseUps
from worker.vision.training.course import Course
from worker.vision.training.crew import ALONE, Crew
from worker.vision.training.environment import environment
from worker.vision.training.loop import Trainer
from worker.vision.training.progress import SILENT, Progress
from worker.vision.training.samples import Sample
from worker.vision.training.suspects import Suspect, suspects_of
from worker.vision.training.whole_images import WholeImages


def run_training(
    options: Options, folder: Path, crew: Crew = ALONE, progress: Progress | None = None
) -> None:
    """Train a run to its end, or go on with the one in `folder`; of a crew only the leading process speaks.

    raises  ValueError when there are too few images, the crew cannot share the batches, or the weights that
            the run in `folder` started from were replaced
    """
    progress = (progress or Progress(sys.stdout)) if crew.leads else SILENT
    if options.batch_size % crew.size:
        raise ValueError(f"--batch-size must be a multiple of the {crew.size} processes that share it")
    torch.manual_seed(options.seed)
    network = build_trainable(options.arch)
    weights = None if options.weights is None else Path(options.weights)
    if weights is not None:
        load_start(network, weights)
        _refuse_replaced(weights, folder)
    course = _course(network, options, crew, progress)
    if not course.steps(0):
        raise ValueError(
            f"--batch-size: an epoch has fewer images than the {options.batch_size} of one batch"
        )
    if crew.leads:  # now that all is there: what cannot be trained leaves no run behind
        folder.mkdir(parents=True, exist_ok=True)
        options.write(folder, environment(crew.device, crew.size, weights))
    score = None
    if options.fold_tune is not None and isinstance(course, WholeImages):
        score = partial(course.score, crew=crew)
    Trainer(network, options, course, folder, crew, progress, score).run()


def _refuse_replaced(weights: Path, folder: Path) -> None:
    """Raises ValueError when the run in `folder` has learnt, and started from a file that was another one."""
    if not (folder / STATE_FILE).exists():
        return
    if environment_of(folder).get("weights_sha256") not in (None, file_sha256(weights)):
        raise ValueError(
            f"{weights} was replaced since the run in {folder} started from it: put the file back, or start"
            " another run"
        )


def _course(network: Trainable, options: Options, crew: Crew, progress: Progress) -> Course:
    card = preprocessing_of(options)
    if not isinstance(network, Reader):
        suspects = [suspect for fold in options.folds_train for suspect in _suspects(options, fold, progress)]
        progress.say(f"{len(suspects)} images with {sum(len(each.places) for each in suspects)} places")
        return CloseUps(options, card, suspects)
    train, tune = samples_of(options, options.folds_train, spare=True, progress=progress), list[Sample]()
    if options.fold_tune is not None and crew.leads:
        tune = samples_of(options, [options.fold_tune], progress=progress)
    progress.say(f"{len(train)} images to train on, {len(tune)} to choose by")
    return WholeImages(options, card, network.map_stride, train, tune)


def _suspects(options: Options, fold: int, progress: Progress) -> list[Suspect]:
    """A fold's images, with the places that the network of --places-of found which never saw them.

    raises  OSError and ValueError when that network did not read them, or saw them otherwise
    """
    assert options.places_of is not None
    where = Path(options.places_of, f"fold-{fold}")
    there = Options.read(where)
    seen = [(each.side, each.finds_limb, each.follows_limb) for each in (there, options)]
    if there.fold_test != fold or fold in there.folds_train or seen[0] != seen[1]:
        raise ValueError(
            f"{where} was trained on fold {fold}, or with another --side, limb finding or --square"
        )
    said = read_answers(where, rows_of(options, [fold]), is_mirrored=False)
    if said is None:
        raise ValueError(f"{where} has not read fold {fold} yet: finish that cross-validation first")
    return suspects_of(samples_of(options, [fold], progress=progress), said)
