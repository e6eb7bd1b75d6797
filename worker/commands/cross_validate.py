"""`./run cross-validate`: judge a recipe on every image by the network that never saw it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from worker.commands.ending import status_of
from worker.commands.fold_ensembles import folds_of_ensemble
from worker.commands.fold_judgement import judge_folds
from worker.commands.fold_runs import fold_in, folds_of_recipe, is_read, members_of
from worker.commands.recipe import say
from worker.commands.recipe_options import DATA, add_recipe, fold_list
from worker.vision.errors import VisionError
from worker.vision.networks.registry import looks_closely
from worker.vision.training.progress import Progress

DESCRIPTION = (
    "Train one network per fold on the other folds, have it read the fold it never saw, and judge all images"
    " so. No image chooses weights, calibration or thresholds by which it is judged: the last epoch's weights"
    " are used, and the other folds tune. Go on after an interruption by the same command; several processes"
    " share the work by --fold. A release made of the same recipe trained on every fold (./run train"
    f" --folds-train 0,1,2,3,4 --fold-tune none --fold-test none) takes its tuning from here. {DATA}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when all that was asked for is done, 2 when something asked for is not there."""
    asked = _parser().parse_args(arguments)
    torch.set_num_threads(asked.threads)
    folds_of = folds_of_ensemble if asked.mean_of else folds_of_recipe
    try:
        judged = folds_of(asked, Progress(sys.stdout))
        done = [each for each in judged if is_read(*each, asked.mirrored)]
        if len(done) < len(judged):
            say(_unfinished(asked, len(done), len(judged)))
            return 0
        folds = [fold_in(*each, asked.mirrored) for each in done]
        judge_folds(asked.out, folds, [members_of(asked, fold.number) for fold in folds], asked.mirrored)
    except (VisionError, OSError, ValueError, SafetensorError) as failure:
        print(f"cross-validate: {failure}", file=sys.stderr)
        return 2
    return 0


def _unfinished(asked: argparse.Namespace, done: int, folds: int) -> str:
    if asked.mean_of or not looks_closely(asked.arch):
        return f"{done} of {folds} folds are read"
    return (
        f"{asked.arch} reads nothing by itself: when every fold is trained, judge it together with the"
        f" network that tells it where to look: --mean-of {asked.places_of} {asked.out}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run cross-validate", description=DESCRIPTION)
    add_recipe(parser)
    parser.add_argument(
        "--mean-of",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="finished cross-validations, such as runs/cv runs/other: train nothing, judge their networks"
        " together, as an ensemble; one of networks that look from near (-close) comes last",
    )
    parser.add_argument("--mirrored", action="store_true", help="read each image as it is and mirrored")
    parser.add_argument(
        "--folds",
        type=fold_list,
        metavar="N,N…",
        help="judge on these only, such as 0,1; each network is trained on all others",
    )
    parser.add_argument("--fold", type=int, help="only this one; default: all, one after the other")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="such as runs/cv")
    return parser


if __name__ == "__main__":
    sys.exit(status_of("cross-validate", main, "The same command goes on."))
