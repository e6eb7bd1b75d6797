"""Which samples are seen in an epoch, and in what order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.vision.card import PreprocessingCard
from worker.vision.preprocess import normalise
from worker.vision.training.augment import augmented
from worker.vision.training.samples import Sample
from worker.vision.training.targets import map_target

NEGATIVES_PER_POSITIVE = 2  # at most; fractured images are repeated, each time augmented anew


def batches_per_epoch(samples: Sequence[Sample], batch_size: int) -> int:
    """How many batches `training_batches` yields."""
    return len(epoch_order(samples, np.random.default_rng(0))) // batch_size


def epoch_order(samples: Sequence[Sample], random: np.random.Generator) -> NDArray[np.int64]:
    """Every sound image once, every fractured one as often as brings the two near 2 : 1, shuffled."""
    fractured = np.array([sample.is_fractured for sample in samples])
    positives, negatives = np.flatnonzero(fractured), np.flatnonzero(~fractured)
    repeats = max(1, round(len(negatives) / NEGATIVES_PER_POSITIVE / max(len(positives), 1)))
    return random.permutation(np.concatenate([np.tile(positives, repeats), negatives]))


def training_batches(
    samples: Sequence[Sample], card: PreprocessingCard, batch_size: int, random: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Augmented images (N, 1, S, S), labels (N,), targets (N, S/16, S/16); a short last batch is dropped."""
    order = epoch_order(samples, random)
    for start in range(0, len(order) - batch_size + 1, batch_size):
        chosen = [samples[index] for index in order[start : start + batch_size]]
        images, targets = [], []
        for sample in chosen:
            canvas, corners = augmented(sample, card.side_px, random)
            images.append(normalise(canvas, card))
            targets.append(map_target(corners, card.side_px))
        labels = torch.tensor([float(sample.is_fractured) for sample in chosen])
        yield torch.from_numpy(np.stack(images)), labels, torch.from_numpy(np.stack(targets))


def plain_batches(samples: Sequence[Sample], card: PreprocessingCard, batch_size: int) -> Iterator[Tensor]:
    """The samples as they are, in order, (N, 1, S, S)."""
    for start in range(0, len(samples), batch_size):
        part = samples[start : start + batch_size]
        yield torch.from_numpy(np.stack([normalise(sample.canvas, card) for sample in part]))
