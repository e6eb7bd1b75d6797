"""How well networks read what they never saw, as it is and changed as other hospitals might hand it out.

python -m benchmarks.elsewhere MANIFEST.csv --of runs/cv [runs/other …] [--folds 0 1] [--mirrored]

Takes the networks of finished cross-validations, several as an ensemble; each reads the fold it was trained
without. Every image is changed by chance, always the same way: sharpened, blurred, cropped, exposed
otherwise, noisy, framed or turned, one or two of these. A crop may cut off the fracture itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from worker.commands.files import known_image
from worker.commands.recipe import preprocessing_of
from worker.commands.trained import trained
from worker.intake.greyscale import to_display
from worker.vision.card import PreprocessingCard
from worker.vision.evaluation.metrics import auroc, average_precision
from worker.vision.manifest import Row, read_manifest
from worker.vision.networks.mirrored import Mirrored
from worker.vision.preprocess import letterbox
from worker.vision.training.answers import answers, logits_of
from worker.vision.training.elsewhere import as_elsewhere
from worker.vision.training.samples import Sample, read_samples

SEED = 0


def main() -> None:
    asked = _parser().parse_args()
    torch.set_num_threads(1)
    print("| fold | images | AUROC | PR-AUC |\n|---|---|---|---|")
    for fold in asked.folds:
        made = trained([member / f"fold-{fold}" for member in asked.of])
        network = Mirrored(made.network) if asked.mirrored else made.network
        card, rows = preprocessing_of(made.options[0]), read_manifest(asked.manifest, [fold])
        for name, samples in (
            ("as they are", read_samples(rows, card, False, known_image)),
            ("changed", _changed(rows, card)),
        ):
            labels = np.array([sample.is_fractured for sample in samples])
            logits = logits_of(answers(network, samples, card))
            figures = auroc(labels, logits), average_precision(labels, logits)
            print(f"| {fold} | {name} | {figures[0]:.3f} | {figures[1]:.3f} |", flush=True)


def _changed(rows: Sequence[Row], card: PreprocessingCard) -> list[Sample]:
    samples = []
    for number, row in enumerate(rows):
        shown = to_display(*known_image(row.image))
        picture = as_elsewhere(shown, np.random.default_rng((SEED, number)))
        canvas, placement = letterbox(picture, 0, 255, card.canvases, card)
        samples.append(Sample(canvas, (), row.is_fractured, row.body_part, placement))
    return samples


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--of", type=Path, nargs="+", required=True, help="finished cross-validations")
    parser.add_argument("--folds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--mirrored", action="store_true")
    return parser


if __name__ == "__main__":
    main()
