"""`./run train`: train a network on labelled radiographs, and make a release of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from worker.vision.card import PreprocessingCard
from worker.vision.manifest import read_manifest
from worker.vision.networks.registry import ARCHITECTURES, build_reader, load_backbone
from worker.vision.preprocess import VERSION
from worker.vision.training.checkpoint import Options
from worker.vision.training.loop import Trainer
from worker.vision.training.samples import read_samples


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the run reached its last epoch, 2 when something asked for is not there."""
    asked = _parser().parse_args(arguments)
    try:
        options = _options(asked)
    except (OSError, ValueError) as failure:
        print(f"train: {failure}", file=sys.stderr)
        return 2
    asked.out.mkdir(parents=True, exist_ok=True)
    options.write(asked.out)
    torch.set_num_threads(asked.threads)
    torch.manual_seed(options.seed)
    _train(options, asked.out, asked.device)
    return 0


def _train(options: Options, folder: Path, device: str) -> None:
    card = preprocessing_of(options)
    manifest = Path(options.manifest)
    train = read_samples(read_manifest(manifest, options.folds_train), card, spare=True)
    tune = read_samples(read_manifest(manifest, [options.fold_tune]), card, spare=False)
    print(f"{len(train)} images to train on, {len(tune)} to choose by")
    network = build_reader(options.arch)
    if options.weights is not None:
        load_backbone(network, Path(options.weights))
    Trainer(network, options, card, folder, device, lambda line: print(line, flush=True)).run(train, tune)


def preprocessing_of(options: Options) -> PreprocessingCard:
    scale = ARCHITECTURES[options.arch]
    return PreprocessingCard(VERSION, options.side, 1.0, 99.7, (scale.mean,), (scale.deviation,))


def _options(asked: argparse.Namespace) -> Options:
    if asked.resume:
        return Options.read(asked.out)
    return Options(
        manifest=str(asked.data),
        arch=asked.arch,
        weights=None if asked.weights is None else str(asked.weights),
        epochs=asked.epochs,
        batch_size=asked.batch_size,
        side=asked.side,
        folds_train=tuple(int(fold) for fold in asked.folds_train.split(",")),
        fold_tune=asked.fold_tune,
        fold_test=asked.fold_test,
        seed=asked.seed,
        learning_rate=asked.learning_rate,
        precision=asked.precision,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run train", description=__doc__)
    parser.add_argument("--data", type=Path, help="manifest CSV of labelled radiographs")
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path, help="pre-trained backbone (safetensors)")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--side", type=int, default=384, help="input side in pixels, a multiple of 32")
    parser.add_argument("--folds-train", default="2,3,4")
    parser.add_argument("--fold-tune", type=int, default=1)
    parser.add_argument("--fold-test", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=4e-4, help="of the backbone")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder of this run, such as runs/first")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
