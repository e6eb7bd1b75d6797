"""The options that shape a training run, shared by the commands that train."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from worker.vision.card import PreprocessingCard
from worker.vision.manifest import Row, read_manifest
from worker.vision.networks.registry import ARCHITECTURES, build_reader, load_backbone
from worker.vision.preprocess import VERSION
from worker.vision.sources.layouts import manifest_of
from worker.vision.training.checkpoint import Options
from worker.vision.training.environment import environment
from worker.vision.training.loop import Trainer
from worker.vision.training.samples import Sample, read_samples

BLACK_PERCENTILE, WHITE_PERCENTILE = 1.0, 99.7
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
    parser.add_argument("--data", type=Path, metavar="DATA", help="labelled radiographs, see above")
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), default="efficientnet-lite0")
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="pre-trained backbone (safetensors, torchvision's names); default: random",
    )
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--side", type=int, default=384, help="input side in pixels, a multiple of 32")
    parser.add_argument(
        "--first-side", type=int, help="input side in the first half of the epochs: smaller is faster"
    )
    parser.add_argument("--without-boxes", action="store_true", help="learn from the labels alone")
    parser.add_argument("--whole-image", action="store_true", help="do not cut to the limb")
    parser.add_argument("--learning-rate", type=float, default=4e-4, help="of the backbone")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda:0")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")


def options_of(
    asked: argparse.Namespace,
    manifest: Path,
    folds_train: tuple[int, ...],
    fold_tune: int | None,
    fold_test: int | None,
) -> Options:
    """One run of the recipe asked for. Raises ValueError when it cannot be run."""
    if asked.side % 32 or (asked.first_side or 0) % 32:
        raise ValueError("--side and --first-side must be multiples of 32")
    return Options(
        manifest=str(manifest),
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
        precision=asked.precision,
        first_side=asked.first_side,
        box_supervision=not asked.without_boxes,
        finds_limb=not asked.whole_image,
    )


def manifest_for(asked: argparse.Namespace) -> Path:
    """The list of the data asked for, made in --out unless it is one. Raises ValueError without any data."""
    if asked.data is None:
        raise ValueError("--data is needed for a new run: a manifest, or a folder of labelled images")
    asked.out.mkdir(parents=True, exist_ok=True)
    return manifest_of(asked.data, asked.out, asked.seed)


def preprocessing_of(options: Options) -> PreprocessingCard:
    """How this version prepares images for a run."""
    scale = ARCHITECTURES[options.arch]
    percentiles = BLACK_PERCENTILE, WHITE_PERCENTILE
    channel = (scale.mean,), (scale.deviation,)
    return PreprocessingCard(VERSION, options.side, *percentiles, *channel, options.finds_limb)


def rows_of(options: Options, folds: Sequence[int]) -> list[Row]:
    return read_manifest(Path(options.manifest), folds)


def samples_of(options: Options, folds: Sequence[int], spare: bool = False) -> list[Sample]:
    return read_samples(rows_of(options, folds), preprocessing_of(options), spare)


def run_training(options: Options, folder: Path, device: str) -> None:
    """Train a run to its end, or go on with the one in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    options.write(folder, environment(device))
    train = samples_of(options, options.folds_train, spare=True)
    tune = [] if options.fold_tune is None else samples_of(options, [options.fold_tune])
    say(f"{len(train)} images to train on, {len(tune)} to choose by")
    torch.manual_seed(options.seed)
    network = build_reader(options.arch)
    if options.weights is not None:
        load_backbone(network, Path(options.weights))
    Trainer(network, options, preprocessing_of(options), folder, device, say).run(train, tune)


def say(line: str) -> None:
    print(line, flush=True)
