"""What the commands that train are told on the command line."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from worker.vision.networks.registry import ARCHITECTURES

DATA = (
    "DATA is a manifest (CSV with image, label and optionally body_part, hardware, boxes, group, fold); or"
    " the FracAtlas release as published (its folder with dataset.csv, images/ and the COCO or YOLO boxes);"
    " or a folder with fractured/ and not_fractured/; or MURA (XR_WRIST/patient00001/study1_positive/;"
    " positive there means abnormal, not only fractured). Where no folds are given, groups of images are"
    " dealt into five by --seed: MURA by patient; FracAtlas by neighbouring numbers of one body part; a plain"
    " folder by subfolder, or by names that agree up to their first number; the last two also by"
    " near-duplicates, so that their groups are a guess. The list is kept as manifest.csv in --out, for"
    " ./run evaluate."
)


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """The options of one recipe: data, network, schedule, machine."""
    recipe = parser.add_argument_group("what is trained, and on what")
    recipe.add_argument("--data", type=Path, metavar="DATA", help="labelled radiographs, see above")
    recipe.add_argument(
        "--arch", choices=sorted(ARCHITECTURES), default="efficientnet-lite0", help="default: %(default)s"
    )
    recipe.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="pre-trained backbone (safetensors, torchvision's names), or a release's weights.safetensors to"
        " go on from (cross-validate takes a folder of an earlier cross-validation too, and goes on with each"
        " fold's own network); default: random",
    )
    recipe.add_argument(
        "--places-of",
        type=Path,
        metavar="DIR",
        help="for an --arch that looks from near (-close): the finished cross-validation of another network,"
        " whose most suspicious places it learns to judge",
    )
    recipe.add_argument("--epochs", type=at_least(1), default=15, metavar="N", help="default: %(default)s")
    recipe.add_argument(
        "--batch-size",
        type=at_least(1),
        default=16,
        metavar="N",
        help="images per step; default: %(default)s",
    )
    recipe.add_argument(
        "--side",
        type=at_least(32),
        default=384,
        metavar="PX",
        help="input side, a multiple of 32; default: %(default)s",
    )
    recipe.add_argument(
        "--first-side",
        type=at_least(32),
        metavar="PX",
        help="the side in the first half of the epochs, for speed",
    )
    recipe.add_argument(
        "--average-start", action="store_true", help="end half way between the trained weights and --weights"
    )
    recipe.add_argument("--without-boxes", action="store_true", help="learn from the labels alone")
    recipe.add_argument(
        "--level-boxes", action="store_true", help="teach the map all of a box alike, not its centre most"
    )
    recipe.add_argument("--square", action="store_true", help="square canvases, not as long as the limb")
    recipe.add_argument("--whole-image", action="store_true", help="do not cut to the limb")
    recipe.add_argument(
        "--learning-rate",
        type=rate,
        default=4e-4,
        metavar="RATE",
        help="of the backbone; default: %(default)s",
    )
    recipe.add_argument(
        "--seed", type=count, default=0, metavar="N", help="on a CPU, the same seed gives the same weights"
    )
    _add_machine(parser.add_argument_group("the machine"))


def _add_machine(machine: argparse._ArgumentGroup) -> None:
    machine.add_argument(
        "--device", default="auto", help="cpu, cuda or cuda:1; default: a GPU if one answers"
    )
    machine.add_argument(
        "--precision",
        choices=("fp32", "bf16"),
        help="bf16 computes in 16 bits what bears it; default: bf16 on a GPU that has it, else fp32",
    )
    machine.add_argument(
        "--threads",
        type=at_least(1),
        default=1,
        metavar="N",
        help="CPU threads of the network; default: %(default)s",
    )
    machine.add_argument(
        "--workers",
        type=count,
        metavar="N",
        help="threads that prepare images ahead of the network, with no effect on the result;"
        " default: as many as there are cores for each GPU, 0 on a CPU",
    )


def at_least(least: int) -> Callable[[str], int]:
    """Takes a whole number that is not less, for argparse, which puts the error in words."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is no whole number of {least} or more")
        return value

    return number


count = at_least(0)


def fold_list(text: str) -> tuple[int, ...]:
    """The numbers of folds, for argparse."""
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError as failure:
        raise argparse.ArgumentTypeError(f"{text} is no list of folds, such as 0,1") from failure


def fold_or_none(text: str) -> int | None:
    """The number of a fold, or None where none is asked for, for argparse."""
    try:
        return None if text == "none" else int(text)
    except ValueError as failure:
        raise argparse.ArgumentTypeError(f"{text} is no number of a fold, nor none") from failure


def rate(text: str) -> float:
    """A number above 0, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return value
