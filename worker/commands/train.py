"""`./run train`: train a network on labelled radiographs, and make a release of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from worker.vision.card import PreprocessingCard, ReleaseCard
from worker.vision.manifest import read_manifest, read_unlabelled
from worker.vision.networks.reader import Reader
from worker.vision.networks.registry import ARCHITECTURES, build_reader, load_backbone
from worker.vision.preprocess import VERSION
from worker.vision.shelf import RELEASES
from worker.vision.sources.layouts import manifest_of
from worker.vision.training.checkpoint import Options, epochs_of, load_best
from worker.vision.training.environment import environment
from worker.vision.training.loop import Trainer
from worker.vision.training.publish import publish
from worker.vision.training.samples import Sample, read_samples
from worker.vision.training.scope import ScopeFit, fit_scope

DESCRIPTION = (
    "Train a network on labelled radiographs, and make a release of it. DATA is a manifest (CSV with"
    " image, label and optionally body_part, hardware, boxes, group, fold); or the FracAtlas release as"
    " published (its folder with dataset.csv, images/ and the COCO or YOLO boxes); or a folder with"
    " fractured/ and not_fractured/; or MURA (XR_WRIST/patient00001/study1_positive/; positive there means"
    " abnormal, not only fractured). Where no folds are given, groups of images are dealt into five by"
    " --seed: MURA by patient; FracAtlas by neighbouring numbers of one body part; a plain folder by"
    " subfolder, or by names that agree up to their first number; the last two also by near-duplicates, so"
    " that their groups are a guess. The list is kept as manifest.csv in --out, for ./run evaluate."
)
BLACK_PERCENTILE, WHITE_PERCENTILE = 1.0, 99.7


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when the run or the release is finished, 2 when something asked for is not there."""
    asked = _parser().parse_args(arguments)
    torch.set_num_threads(asked.threads)
    try:
        if asked.export is not None:
            _export(asked)
        else:
            _train(_options(asked), asked.out, asked.device)
    except (OSError, ValueError, SafetensorError) as failure:
        print(f"train: {failure}", file=sys.stderr)
        return 2
    return 0


def preprocessing_of(options: Options) -> PreprocessingCard:
    """How this version prepares images for a run."""
    scale = ARCHITECTURES[options.arch]
    percentiles = BLACK_PERCENTILE, WHITE_PERCENTILE
    channel = (scale.mean,), (scale.deviation,)
    return PreprocessingCard(VERSION, options.side, *percentiles, *channel, options.finds_limb)


def _train(options: Options, folder: Path, device: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    options.write(folder, environment(device))
    train = _samples(options, options.folds_train, spare=True)
    tune = [] if options.fold_tune is None else _samples(options, [options.fold_tune], spare=False)
    print(f"{len(train)} images to train on, {len(tune)} to choose by", flush=True)
    torch.manual_seed(options.seed)
    network = build_reader(options.arch)
    if options.weights is not None:
        load_backbone(network, Path(options.weights))
    trainer = Trainer(network, options, preprocessing_of(options), folder, device, _say)
    trainer.run(train, tune)


def _export(asked: argparse.Namespace) -> None:
    options = Options.read(asked.out)
    facts = {
        **json.loads(asked.facts.read_text("utf-8")),
        "training": {**options.for_card(), **epochs_of(asked.out)},
    }
    network = build_reader(options.arch)
    load_best(asked.out, network)
    if options.fold_tune is None:
        raise ValueError("this run kept no fold to tune a release by")
    tune = _samples(options, [options.fold_tune], spare=False)
    scope = None if asked.out_of_scope is None else _scope(network, options, tune, asked.out_of_scope)
    card = publish(network, options, preprocessing_of(options), tune, asked.export, facts, scope)
    _say(_next_step(card, asked.export, options))


def _scope(network: Reader, options: Options, tune: Sequence[Sample], pictures: Path) -> ScopeFit:
    preprocessing = preprocessing_of(options)
    known = _samples(options, options.folds_train, spare=False)
    other = read_samples(read_unlabelled(pictures), preprocessing, spare=False)
    return fit_scope(network, known, other, tune, preprocessing)


def _next_step(card: ReleaseCard, folder: Path, options: Options) -> str:
    return (
        f"release {card.name}: rule-out at {card.operating_points.rule_out:.4f}, rule-in at"
        f" {card.operating_points.rule_in:.4f}\nto judge it once on fold {options.fold_test} and write that"
        f" into its card: ./run evaluate {options.manifest} --release {folder} --record"
    )


def _samples(options: Options, folds: Sequence[int], spare: bool) -> list[Sample]:
    return read_samples(read_manifest(Path(options.manifest), folds), preprocessing_of(options), spare)


def _say(line: str) -> None:
    print(line, flush=True)


def _options(asked: argparse.Namespace) -> Options:
    if asked.resume:
        return Options.read(asked.out)
    if asked.data is None:
        raise ValueError("--data is needed for a new run: a manifest, or a folder of labelled images")
    if asked.side % 32 or (asked.first_side or 0) % 32:
        raise ValueError("--side and --first-side must be multiples of 32")
    asked.out.mkdir(parents=True, exist_ok=True)
    return Options(
        manifest=str(manifest_of(asked.data, asked.out, asked.seed)),
        arch=asked.arch,
        weights=None if asked.weights is None else str(asked.weights),
        epochs=asked.epochs,
        batch_size=asked.batch_size,
        side=asked.side,
        folds_train=tuple(int(fold) for fold in asked.folds_train.split(",")),
        fold_tune=asked.fold_tune,
        fold_test=asked.fold_test,
        first_side=asked.first_side,
        box_supervision=not asked.without_boxes,
        finds_limb=not asked.whole_image,
        seed=asked.seed,
        learning_rate=asked.learning_rate,
        precision=asked.precision,
    )


def _fold(text: str) -> int | None:
    return None if text == "none" else int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run train", description=DESCRIPTION)
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
    parser.add_argument("--folds-train", default="2,3,4")
    parser.add_argument("--fold-tune", type=_fold, default=1, help="chooses weights and thresholds, or none")
    parser.add_argument("--fold-test", type=_fold, default=0, help="held back, only noted; or none")
    parser.add_argument("--learning-rate", type=float, default=4e-4, help="of the backbone")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda:0")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="the run, such as runs/first")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    release = parser.add_argument_group("making a release of the best weights of the run in --out")
    release.add_argument("--export", type=Path, metavar="DIR", help="the release, such as releases/first-1")
    release.add_argument("--facts", type=Path, default=RELEASES / "facts.json", help="data, licences (JSON)")
    release.add_argument(
        "--out-of-scope", type=Path, metavar="MANIFEST.csv", help="other pictures, to teach what not to read"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
