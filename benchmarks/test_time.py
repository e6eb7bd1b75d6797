"""What larger inputs and mirroring bring at test time, and what they cost, for one release and one fold.

python -m benchmarks.test_time MANIFEST.csv --fold 0 --release releases/first-1 [--side 320 384 448]

The fold must be one that the release never saw; one that was trained on every fold has none. The hottest
cell's hit rate is of the map's cells, where reports find the hottest spot between them. Milliseconds are of
the network alone, in batches, on one thread: they compare the choices with each other, `benchmarks.reading`
says what one image takes.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from worker.commands.files import known_image
from worker.vision.card import PreprocessingCard, ReleaseCard
from worker.vision.evaluation.metrics import auroc, average_precision
from worker.vision.evaluation.outcome import holds
from worker.vision.manifest import read_manifest
from worker.vision.networks.mirrored import Mirrored
from worker.vision.passes import Answer
from worker.vision.torch_engine import TorchEngine
from worker.vision.training.answers import answers, logits_of
from worker.vision.training.samples import Sample, read_samples


def main() -> None:
    asked = _parser().parse_args()
    torch.set_num_threads(1)
    card = ReleaseCard.read(asked.release)
    plain = TorchEngine(asked.release, dataclasses.replace(card, is_mirrored=False), "cpu").network
    rows = read_manifest(asked.manifest, [asked.fold])
    print("| side, px | mirrored too | AUROC | PR-AUC | cell hit rate | ms |\n|---|---|---|---|---|---|")
    for side_px in asked.side:
        preprocessing = dataclasses.replace(card.preprocessing, side_px=side_px)
        samples = read_samples(rows, preprocessing, False, known_image)
        for word, network in (("no", plain), ("yes", Mirrored(plain))):
            print(f"| {side_px} | {word} | {_figures(network, samples, preprocessing)} |", flush=True)


def _figures(network: nn.Module, samples: Sequence[Sample], preprocessing: PreprocessingCard) -> str:
    started = time.perf_counter()
    said = answers(network, samples, preprocessing)
    milliseconds = 1000 * (time.perf_counter() - started) / len(samples)
    labels = np.array([sample.is_fractured for sample in samples])
    logits = logits_of(said)
    figures = auroc(labels, logits), average_precision(labels, logits), _cell_hit_rate(samples, said)
    return " | ".join([*(f"{figure:.3f}" for figure in figures), f"{milliseconds:.0f}"])


def _cell_hit_rate(samples: Sequence[Sample], said: Sequence[Answer]) -> float:
    """Share of the images with marked fractures whose hottest map cell has its centre in one."""
    hits = []
    for sample, (_, cells, _) in zip(samples, said, strict=True):
        if sample.boxes:
            row, column = np.unravel_index(int(cells.argmax()), cells.shape)
            px = len(sample.canvas) / len(cells)
            hits.append(any(holds(box, (column + 0.5) * px, (row + 0.5) * px) for box in sample.boxes))
    return float(np.mean(hits))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--fold", type=int, required=True)
    parser.add_argument("--release", type=Path, required=True)
    parser.add_argument("--side", nargs="+", type=int, default=[320, 384, 448])
    return parser


if __name__ == "__main__":
    main()
