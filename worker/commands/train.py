"""`./run train`: train a network on labelled radiographs, and make a release of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from worker.commands.recipe import (
    manifest_for,
    options_of,
    preprocessing_of,
    run_training,
    samples_of,
    say,
)  # fmt: skip
from worker.commands.recipe_options import DATA, add_recipe, count
from worker.vision.card import ReleaseCard
from worker.vision.interpretation import Rules
from worker.vision.manifest import read_unlabelled
from worker.vision.networks.reader import Reader
from worker.vision.networks.registry import build_reader
from worker.vision.shelf import RELEASES
from worker.vision.training.answers import answers
from worker.vision.training.checkpoint import Options, epochs_of, load_best
from worker.vision.training.crew import joined_crew, leave
from worker.vision.training.judgement import read_judgement
from worker.vision.training.publish import publish, round_to_half
from worker.vision.training.samples import Sample, read_samples
from worker.vision.training.scope import ScopeFit, fit_scope
from worker.vision.training.tuning import tune

USAGE = """./run train --data DATA --out DIR [options]
       ./run train --out DIR --resume
       ./run train --out DIR --export RELEASE [options]"""
SEVERAL = (
    "Several GPUs: torchrun --nproc-per-node 4 -m worker.commands.train …, with the same options. The"
    " processes divide each batch; one of them scores, writes and speaks."
)
DESCRIPTION = f"Train a network on labelled radiographs, and make a release of it. {DATA}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when the run or the release is finished, 2 when something asked for is not there."""
    asked = _parser().parse_args(arguments)
    torch.set_num_threads(asked.threads)
    try:
        with joined_crew(asked.device, asked.workers) as crew:
            if asked.export is None:
                run_training(crew.told(lambda: _options(asked)), asked.out, crew)
            elif crew.leads:
                _export(asked)
    except (OSError, ValueError, SafetensorError) as failure:
        print(f"train: {failure}", file=sys.stderr)
        return 2
    return 0


def _options(asked: argparse.Namespace) -> Options:
    if asked.resume:
        return Options.read(asked.out)
    folds_train = tuple(int(fold) for fold in asked.folds_train.split(","))
    return options_of(
        asked, manifest_for(asked), folds_train, asked.fold_tune, asked.fold_test, asked.patience
    )


def _export(asked: argparse.Namespace) -> None:
    options = Options.read(asked.out)
    network = build_reader(options.arch)
    load_best(asked.out, network)
    round_to_half(network)  # the answers that tune it shall be those of the weights that are kept
    rules, is_mirrored, told = _tuning(asked, options, network)
    remarks = {} if asked.remarks is None else json.loads(asked.remarks.read_text("utf-8"))
    training = {**options.for_card(), **epochs_of(asked.out), **told["training"], **remarks}
    facts = {**json.loads(asked.facts.read_text("utf-8")), **told, "training": training}
    scope = None if asked.out_of_scope is None else _scope(network, options, asked.out_of_scope)
    card = publish(
        network, options, preprocessing_of(options), rules, asked.export, facts, scope, is_mirrored
    )
    say(_next_step(card, asked.export, options))


def _tuning(
    asked: argparse.Namespace, options: Options, network: Reader
) -> tuple[Rules, bool, dict[str, Any]]:
    """What the release decides by, whether it reads mirrored too, and what its card says of both."""
    if asked.out_of_fold is not None:
        judgement = read_judgement(asked.out_of_fold)
        return (
            judgement.rules,
            judgement.is_mirrored,
            {"training": judgement.tuned_on, "metrics": judgement.metrics},
        )
    if options.fold_tune is None:
        raise ValueError("this run kept no fold to tune a release by: give --out-of-fold")
    samples = samples_of(options, [options.fold_tune])
    rules = tune(samples, answers(network, samples, preprocessing_of(options)), options.side)
    fractured = sum(sample.is_fractured for sample in samples)
    tuned_on = {"tune_images": len(samples), "tune_fractured": fractured}
    return rules, False, {"training": tuned_on, "metrics": {"fold": options.fold_test}}


def _scope(network: Reader, options: Options, pictures: Path) -> ScopeFit:
    """Fit the scope head; its threshold by the tuning fold, else by one that the network was trained on."""
    preprocessing = preprocessing_of(options)
    tune_fold = options.folds_train[0] if options.fold_tune is None else options.fold_tune
    known = samples_of(options, [fold for fold in options.folds_train if fold != tune_fold])
    other: list[Sample] = read_samples(read_unlabelled(pictures), preprocessing, spare=False)
    return fit_scope(network, known, other, samples_of(options, [tune_fold]), preprocessing)


def _next_step(card: ReleaseCard, folder: Path, options: Options) -> str:
    points = card.operating_points
    made = f"release {card.name}: rule-out at {points.rule_out:.4f}, rule-in at {points.rule_in:.4f}"
    if options.fold_test is None:
        return made
    return (
        f"{made}\nto judge it once on fold {options.fold_test} and write that into its card:"
        f" ./run evaluate {options.manifest} --release {folder} --record"
    )


def _fold(text: str) -> int | None:
    return None if text == "none" else int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run train", usage=USAGE, description=DESCRIPTION, epilog=SEVERAL)
    add_recipe(parser)
    run = parser.add_argument_group("the run")
    run.add_argument(
        "--folds-train", default="2,3,4", metavar="N,N…", help="trained on; default: %(default)s"
    )
    run.add_argument(
        "--fold-tune",
        type=_fold,
        default=1,
        metavar="N",
        help="chooses weights and thresholds, or none; default: %(default)s",
    )
    run.add_argument(
        "--fold-test",
        type=_fold,
        default=0,
        metavar="N",
        help="held back, only noted; or none; default: %(default)s",
    )
    run.add_argument(
        "--patience",
        type=count,
        metavar="N",
        help="stop when the AUROC of the tuning fold has not risen for N epochs; default: never",
    )
    run.add_argument("--out", type=Path, metavar="DIR", required=True, help="the run, such as runs/first")
    run.add_argument("--resume", action="store_true", help="go on with the run in --out, by its own recipe")
    release = parser.add_argument_group("making a release of the weights of the run in --out")
    release.add_argument("--export", type=Path, metavar="DIR", help="the release, such as releases/first-1")
    release.add_argument("--facts", type=Path, default=RELEASES / "facts.json", help="data, licences (JSON)")
    release.add_argument(
        "--remarks", type=Path, metavar="FILE", help="note and failures of this release for its card (JSON)"
    )
    release.add_argument(
        "--out-of-fold",
        type=Path,
        metavar="DIR",
        help="tune and describe the release by this cross-validation of its recipe",
    )
    release.add_argument(
        "--out-of-scope", type=Path, metavar="MANIFEST.csv", help="other pictures, to teach what not to read"
    )
    return parser


if __name__ == "__main__":
    leave(main())
