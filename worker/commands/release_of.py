"""A release of finished runs, for `./run train --export`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from worker.commands.files import known_image
from worker.commands.recipe import preprocessing_of, samples_of, say
from worker.commands.trained import Trained, trained
from worker.vision.card import CARD_FILE, ReleaseCard
from worker.vision.evaluation.seen import fold_held_back, went_on_from
from worker.vision.interpretation import Rules
from worker.vision.manifest import read_unlabelled
from worker.vision.sources.known_data import NOT_STATED
from worker.vision.training.answers import answers
from worker.vision.training.checkpoint import Options, epochs_of
from worker.vision.training.judgement import Judged, read_judgement
from worker.vision.training.lineage import (
    folds_of_places,
    folds_seen,
    folds_seen_by_release,
    folds_trained,
    lineage_of,
)
from worker.vision.training.provenance import GivenFacts, provenance, read_facts
from worker.vision.training.publish import publish
from worker.vision.training.remarks import read_remarks
from worker.vision.training.samples import Sample, read_samples
from worker.vision.training.scope import ScopeFit, fit_scope
from worker.vision.training.tuning import tune


def export_release(asked: argparse.Namespace) -> None:
    """Write the release asked for.

    raises  OSError and ValueError when a run is not finished, there is nothing to tune it by, or the folder
            holds a release already
    """
    if (asked.export / CARD_FILE).exists():
        raise ValueError(f"{asked.export} holds a release already: give another folder")
    runs = [asked.out, *asked.others]
    known = provenance(runs, GivenFacts() if asked.facts is None else read_facts(asked.facts))
    made = trained(runs)
    remarks = {} if asked.remarks is None else read_remarks(asked.remarks)
    rules, is_mirrored, told = _tuning(asked, made)
    scope = None if asked.out_of_scope is None else _scope(made, asked.out_of_scope)
    facts = {**known, **told, "training": {**_training(asked, made), **remarks, **told["training"]}}
    preprocessing = preprocessing_of(made.options[0])
    card = publish(
        made.network, made.architecture, preprocessing, rules, asked.export, facts, scope, is_mirrored
    )
    if card.calibration.slope <= 0:
        print(
            f"train: WARNING: on the images that tuned it, {card.name} reads no better than chance: its"
            f" calibration turns its answers round (slope {card.calibration.slope:.3g}), and its verdicts"
            " mean nothing. Train longer, or on more images; do not use this release",
            file=sys.stderr,
        )
    say(_next_step(card, asked.export, made))


def _tuning(asked: argparse.Namespace, made: Trained) -> tuple[Rules, bool, dict[str, Any]]:
    """What the release decides by, whether it reads mirrored too, and what its card says of both."""
    if asked.out_of_fold is not None:
        judgement = read_judgement(asked.out_of_fold)
        if unlike := judgement.judged.unlike(Judged.of(made.options)):
            raise ValueError(f"{asked.out_of_fold} judged another recipe ({'; '.join(unlike)})")
        left_out = judgement.folds_left_out({fold for each in made.options for fold in each.folds_train})
        training = {**judgement.tuned_on, **({"folds_left_out": left_out} if left_out else {})}
        told = {"training": training, "metrics": judgement.metrics}
        return judgement.rules, judgement.is_mirrored, told
    options = made.options[0]
    if options.fold_tune is None:
        raise ValueError("this run kept no fold to tune a release by: give --out-of-fold")
    lineages = [lineage_of(where) for where in (asked.out, *asked.others)]
    runs = [run for lineage in lineages for run in lineage.runs]
    manifest = Path(options.manifest)
    if options.fold_tune in folds_trained(runs, manifest):
        raise ValueError(
            f"fold {options.fold_tune}, which would tune the release, is one that its networks, or those that"
            " they went on from, were trained on: give --out-of-fold"
        )
    seen = folds_seen(runs, manifest) | folds_of_places(runs, manifest)
    for lineage in lineages:
        seen |= folds_seen_by_release(lineage.release, options.list_sha256) or set()
    held_back = None if options.fold_test in seen else options.fold_test
    samples = samples_of(options, [options.fold_tune])
    rules = tune(samples, answers(made.network, samples, preprocessing_of(options)))
    fractured = sum(sample.is_fractured for sample in samples)
    tuned_on = {"tune_images": len(samples), "tune_fractured": fractured}
    return rules, False, {"training": tuned_on, "metrics": {"fold": held_back}}


def _scope(made: Trained, pictures: Path) -> ScopeFit:
    """Fit the scope heads; the threshold by the tuning fold, else by one that the network was trained on."""
    options = made.options[0]
    preprocessing = preprocessing_of(options)
    tune_fold = options.folds_train[0] if options.fold_tune is None else options.fold_tune
    known = samples_of(options, [fold for fold in options.folds_train if fold != tune_fold])
    other: list[Sample] = read_samples(read_unlabelled(pictures), preprocessing, False, known_image)
    return fit_scope(made.network, known, other, samples_of(options, [tune_fold]), preprocessing)


def _training(asked: argparse.Namespace, made: Trained) -> dict[str, Any]:
    """How the first member was trained, then the others."""
    first, *others = (
        {**options.for_card(), **epochs_of(run), **_seen_before(run, options)}
        for options, run in zip(made.options, [asked.out, *asked.others], strict=True)
    )
    return {**first, **({"other_members": others} if others else {})}


def _seen_before(run: Path, options: Options) -> dict[str, Any]:
    """The folds that the run was not trained on, but what it went on from or what told it where to look.

    Also the release that may have been.
    """
    lineage, manifest = lineage_of(run), Path(options.manifest)
    by_release = folds_seen_by_release(lineage.release, options.list_sha256)
    earlier = folds_seen(lineage.runs[1:], manifest) | folds_of_places(lineage.runs, manifest)
    left = sorted((earlier | (by_release or set())) - set(options.folds_train))
    told: dict[str, Any] = {"folds_seen_before": left} if left else {}
    if lineage.release is not None and by_release is None:
        told["went_on_from"] = lineage.release.name
    return told


def _next_step(card: ReleaseCard, folder: Path, made: Trained) -> str:
    points, options = card.operating_points, made.options[0]
    text = f"release {card.name}: rule-out at {points.rule_out:.4f}, rule-in at {points.rule_in:.4f}"
    text = f"{text}\n{_said_of_data(card)}"
    held_back = fold_held_back(card)
    if "folds" in card.metrics or options.fold_test is None:
        return text
    if held_back is None:
        return (
            f"{text}\nfold {options.fold_test} is not held back: a network of this release, or one that it"
            " went on from or that told it where to look, saw it, so that the release cannot be judged by it"
        )
    if started_from := went_on_from(card):
        text = (
            f"{text}\nit went on from the weights of {', '.join(sorted(started_from))}: whether that was"
            f" trained on fold {held_back} cannot be known"
        )
    return (
        f"{text}\nto judge it once on fold {held_back} and write that into its card:"
        f" ./run evaluate {options.manifest} --release {folder} --record"
    )


def _said_of_data(card: ReleaseCard) -> str:
    name, licence = card.training_data["name"], card.training_data["licence"]
    if name == NOT_STATED:
        return "its card does not state what it was trained on, nor under what licence: --facts FILE does"
    return f"its card says that it was trained on {name}, licence: {licence}"
