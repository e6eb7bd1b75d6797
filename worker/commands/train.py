"""`./run train`: train a network on labelled radiographs, and make a release of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from worker.commands.ending import status_of
from worker.commands.recipe import data_for, options_of, refuse_another_recipe
from worker.commands.recipe_options import DATA, add_recipe, count, fold_list, fold_or_none
from worker.commands.release_of import export_release
from worker.commands.training_run import run_training
from worker.vision.errors import VisionError
from worker.vision.training.checkpoint import OPTIONS_FILE, Options
from worker.vision.training.crew import NothingTold, joined_crew, leave

USAGE = """./run train --data DATA --out DIR [options]
       ./run train --out DIR --resume
       ./run train --out DIR --export RELEASE [options]"""
SEVERAL = (
    "Several GPUs: torchrun --nproc-per-node 4 -m worker.commands.train …, with the same options. The"
    " processes divide each batch; one of them scores, writes and speaks."
)
BESIDE_RESUME = {"out", "resume", "device", "threads", "workers"}
DESCRIPTION = f"Train a network on labelled radiographs, and make a release of it. {DATA}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when the run or the release is finished, 2 when something asked for is not there."""
    asked = _asked(arguments)
    torch.set_num_threads(asked.threads)
    try:
        with joined_crew(asked.device, asked.workers) as crew:
            if asked.export is None:
                run_training(crew.told(lambda: _options(asked)), asked.out, crew)
            elif crew.leads:
                _require_runs([asked.out, *asked.others])
                export_release(asked)
    except (VisionError, OSError, ValueError, SafetensorError) as failure:
        print(f"train: {failure}", file=sys.stderr)
        return 2
    except NothingTold:
        return 2
    return 0


def _options(asked: argparse.Namespace) -> Options:
    if asked.resume:
        _require_runs([asked.out])
        return Options.read(asked.out)
    data = data_for(asked)
    options = options_of(asked, data, asked.folds_train, asked.fold_tune, asked.fold_test, asked.patience)
    refuse_another_recipe(options, asked.out)
    if options.groups_split:
        print(
            f"train: WARNING: some groups ({options.groups_split}) have images in more than one fold: what is"
            " measured on a fold that was held back flatters the network, which may have seen others of the"
            " same patient",
            file=sys.stderr,
        )
    data.keep()
    return options


def _require_runs(folders: Sequence[Path]) -> None:
    """Raises ValueError, which names the first folder without one."""
    for folder in folders:
        if not (folder / OPTIONS_FILE).exists():
            raise ValueError(f"{folder} holds no run")


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.resume:
        untold = argparse.Namespace(**dict.fromkeys(vars(asked)))  # defaults fill in only what is not there
        told = vars(parser.parse_args(arguments, untold))
        if not BESIDE_RESUME.issuperset(name for name, value in told.items() if value is not None):
            parser.error(
                "--resume goes on by the run's own recipe: beside it only --out, --device, --threads and"
                " --workers can be given"
            )
    return asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run train", usage=USAGE, description=DESCRIPTION, epilog=SEVERAL)
    add_recipe(parser)
    run = parser.add_argument_group("the run")
    run.add_argument(
        "--folds-train",
        type=fold_list,
        default="2,3,4",
        metavar="N,N…",
        help="trained on; default: %(default)s",
    )
    run.add_argument(
        "--fold-tune",
        type=fold_or_none,
        default=1,
        metavar="N",
        help="chooses weights and thresholds, or none; default: %(default)s",
    )
    run.add_argument(
        "--fold-test",
        type=fold_or_none,
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
    release.add_argument(
        "--with",
        dest="others",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="other runs: the release is the ensemble of all; one that looks from near (-close) comes last",
    )
    release.add_argument(
        "--facts",
        type=Path,
        metavar="FILE",
        help="body parts and training data for its card, as in releases/facts.json, which is about FracAtlas;"
        " default: what the layout of --data tells, else not stated",
    )
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
    leave(status_of("train", main, "The same command goes on after the last whole epoch."))
