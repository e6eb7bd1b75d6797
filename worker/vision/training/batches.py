"""Which samples are seen in an epoch, and in what order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.vision.canvas import Canvas, roomiest
from worker.vision.card import PreprocessingCard
from worker.vision.passes import of_one_shape
from worker.vision.preprocess import normalise
from worker.vision.training.ahead import made_ahead
from worker.vision.training.augment import SIDEWAYS_CHANCE, augmented
from worker.vision.training.crew import ALONE, Crew
from worker.vision.training.samples import Sample
from worker.vision.training.targets import Marking, map_target

NEGATIVES_PER_POSITIVE = 2  # at most; fractured images are repeated, each time augmented anew


class Batch(NamedTuple):
    """What one step learns from."""

    images: Tensor  # (N, 1, H, W), augmented and normalised
    labels: Tensor  # (N,), 1 fractured, 0 not
    targets: Tensor  # (N, rows, columns), as `map_target` marks them


class Step(NamedTuple):
    """What goes into one batch: views of one shape."""

    canvas: Canvas
    is_sideways: bool  # the limbs are turned by a quarter
    places: Sequence[int]  # in the epoch's order


def batches_per_epoch(samples: Sequence[Sample], batch_size: int, card: PreprocessingCard) -> int:
    """How many batches `training_batches` yields."""
    random = np.random.default_rng(0)
    return len(steps_of(samples, epoch_order(samples, random), batch_size, card, random))


def epoch_order(samples: Sequence[Sample], random: np.random.Generator) -> NDArray[np.int64]:
    """Every sound image once, every fractured one as often as brings the two near 2 : 1, shuffled."""
    fractured = np.array([sample.is_fractured for sample in samples])
    positives, negatives = np.flatnonzero(fractured), np.flatnonzero(~fractured)
    repeats = max(1, round(len(negatives) / NEGATIVES_PER_POSITIVE / max(len(positives), 1)))
    return random.permutation(np.concatenate([np.tile(positives, repeats), negatives]))


def steps_of(
    samples: Sequence[Sample],
    order: NDArray[np.int64],
    batch_size: int,
    card: PreprocessingCard,
    random: np.random.Generator,
) -> list[Step]:
    """An epoch's batches, shuffled: each of limbs that fit one canvas, what is left over on the square.

    What fills no batch even there is dropped.
    """
    offered = card.canvases
    places_on: dict[Canvas, list[int]] = {canvas: [] for canvas in offered}
    for place, number in enumerate(order):
        seen = samples[number].placement
        places_on[roomiest(seen.width, seen.height, offered)].append(place)
    square = places_on.pop(offered[0])
    steps: list[Step] = []
    for canvas, places in places_on.items():
        whole = len(places) // batch_size * batch_size
        steps += _cut(canvas, places[:whole], batch_size, random)
        square += places[whole:]
    steps += _cut(offered[0], square, batch_size, random)
    return [steps[number] for number in random.permutation(len(steps))]


def _cut(
    canvas: Canvas, places: Sequence[int], batch_size: int, random: np.random.Generator
) -> Iterator[Step]:
    for start in range(0, len(places) - batch_size + 1, batch_size):
        is_sideways = random.random() < SIDEWAYS_CHANCE
        chosen = places[start : start + batch_size]
        yield Step(canvas.turned() if is_sideways else canvas, is_sideways, chosen)


def training_batches(
    samples: Sequence[Sample],
    card: PreprocessingCard,
    batch_size: int,
    marking: Marking,
    seeds: tuple[int, int],
    crew: Crew = ALONE,
) -> Iterator[Batch]:
    """The crew member's share of each of an epoch's batches.

    marking  of the map that is taught
    seeds  of the run, and the epoch's number. Each place in the epoch draws from a stream of its own, so
           that a view depends on these alone and not on which thread or process makes it.
    """
    random = np.random.default_rng(seeds)
    order = epoch_order(samples, random)

    def batch_of(step: Step) -> Batch:
        share = step._replace(places=crew.share_of(step.places))
        chosen = [samples[order[place]] for place in share.places]
        # Not `place` alone: to numpy the seeds (s, e, 0) are the seeds (s, e), which shuffled the order.
        streams = [np.random.default_rng((*seeds, 1 + place)) for place in share.places]
        batch = _batch(chosen, share, card, marking, streams)
        return Batch(*(part.pin_memory() for part in batch)) if crew.on_gpu else batch

    return made_ahead(batch_of, steps_of(samples, order, batch_size, card, random), crew.workers)


def _batch(
    samples: Sequence[Sample],
    step: Step,
    card: PreprocessingCard,
    marking: Marking,
    streams: Sequence[np.random.Generator],
) -> Batch:
    images, targets = [], []
    for sample, random in zip(samples, streams, strict=True):
        view, corners = augmented(sample, step.canvas, step.is_sideways, random)
        images.append(normalise(view, card))
        targets.append(map_target(corners, step.canvas, marking))
    labels = torch.tensor([float(sample.is_fractured) for sample in samples])
    return Batch(torch.from_numpy(np.stack(images)), labels, torch.from_numpy(np.stack(targets)))


def plain_batches(
    samples: Sequence[Sample], card: PreprocessingCard, batch_size: int
) -> Iterator[tuple[Sequence[int], Tensor]]:
    """The samples as they are, those of one shape together: their numbers, and (N, 1, H, W)."""
    for numbers in of_one_shape([sample.canvas for sample in samples], batch_size):
        part = [normalise(samples[number].canvas, card) for number in numbers]
        yield numbers, torch.from_numpy(np.stack(part))
