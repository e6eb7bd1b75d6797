"""Which samples are seen in an epoch, and in what order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.vision.card import PreprocessingCard
from worker.vision.preprocess import normalise
from worker.vision.training.ahead import made_ahead
from worker.vision.training.augment import augmented
from worker.vision.training.crew import ALONE, Crew
from worker.vision.training.samples import Sample
from worker.vision.training.targets import map_target

NEGATIVES_PER_POSITIVE = 2  # at most; fractured images are repeated, each time augmented anew


class Batch(NamedTuple):
    """What one step learns from."""

    images: Tensor  # (N, 1, S, S), augmented and normalised
    labels: Tensor  # (N,), 1 fractured, 0 not
    targets: Tensor  # (N, rows, columns), 1 in a fracture box, 0 elsewhere


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
    samples: Sequence[Sample],
    card: PreprocessingCard,
    batch_size: int,
    cell_px: int,
    seeds: tuple[int, int],
    crew: Crew = ALONE,
) -> Iterator[Batch]:
    """The crew member's share of each of an epoch's batches; a short last batch is dropped.

    cell_px  stride of the map that is taught
    seeds  of the run, and the epoch's number. Each place in the epoch draws from a stream of its own, so
           that a view depends on these alone and not on which thread or process makes it.
    """
    order = epoch_order(samples, np.random.default_rng(seeds))

    def batch_at(start: int) -> Batch:
        places = crew.share_of(range(start, start + batch_size))
        chosen = [samples[order[place]] for place in places]
        # Not `place` alone: to numpy the seeds (s, e, 0) are the seeds (s, e), which shuffled the order.
        streams = [np.random.default_rng((*seeds, 1 + place)) for place in places]
        batch = _batch(chosen, card, cell_px, streams)
        return Batch(*(part.pin_memory() for part in batch)) if crew.device.startswith("cuda") else batch

    return made_ahead(batch_at, range(0, len(order) - batch_size + 1, batch_size), crew.workers)


def _batch(
    samples: Sequence[Sample],
    card: PreprocessingCard,
    cell_px: int,
    streams: Sequence[np.random.Generator],
) -> Batch:
    images, targets = [], []
    for sample, random in zip(samples, streams, strict=True):
        canvas, corners = augmented(sample, card.side_px, random)
        images.append(normalise(canvas, card))
        targets.append(map_target(corners, card.side_px, cell_px))
    labels = torch.tensor([float(sample.is_fractured) for sample in samples])
    return Batch(torch.from_numpy(np.stack(images)), labels, torch.from_numpy(np.stack(targets)))


def plain_batches(samples: Sequence[Sample], card: PreprocessingCard, batch_size: int) -> Iterator[Tensor]:
    """The samples as they are, in order, (N, 1, S, S)."""
    for start in range(0, len(samples), batch_size):
        part = samples[start : start + batch_size]
        yield torch.from_numpy(np.stack([normalise(sample.canvas, card) for sample in part]))
