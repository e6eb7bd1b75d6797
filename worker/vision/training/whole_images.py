"""The course of a reader: whole images, their labels, and the map of their boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from worker.vision.card import PreprocessingCard
from worker.vision.evaluation.metrics import auroc
from worker.vision.networks.reader import Reader
from worker.vision.networks.registry import Trainable
from worker.vision.training.batches import Batch, batches_per_epoch, plain_batches, training_batches
from worker.vision.training.checkpoint import Options
from worker.vision.training.crew import Crew
from worker.vision.training.lesson import Lesson
from worker.vision.training.precision import computing
from worker.vision.training.samples import Sample
from worker.vision.training.targets import LEVEL, PEAKED, Marking


@dataclass(frozen=True)
class WholeImages:
    """A `Course`.

    map_stride  of the network that is taught
    tune        images to choose the best epoch by (only the leading process of a crew needs them)
    """

    options: Options
    card: PreprocessingCard
    map_stride: int
    train: Sequence[Sample]
    tune: Sequence[Sample] = ()

    def lesson(self, network: Trainable, in_bfloat16: bool) -> nn.Module:
        assert isinstance(network, Reader)
        return Lesson(network, self.options.box_supervision, in_bfloat16)

    def steps(self, epoch: int) -> int:
        return batches_per_epoch(self.train, self.options.batch_size, self._card_of(epoch))

    def batches(self, epoch: int, crew: Crew) -> Iterator[Batch]:
        options = self.options
        marking = Marking(self.map_stride, PEAKED if options.peaked_boxes else LEVEL)
        seeds = options.seed, epoch
        return training_batches(self.train, self._card_of(epoch), options.batch_size, marking, seeds, crew)

    @torch.no_grad()
    def score(self, network: nn.Module, crew: Crew) -> float:
        """The AUROC."""
        labels, logits = np.array([sample.is_fractured for sample in self.tune]), np.zeros(len(self.tune))
        for numbers, images in plain_batches(self.tune, self.card, self.options.batch_size):
            with computing(crew.device, self.options.precision):
                answers = network(images.to(crew.device, memory_format=torch.channels_last))
            logits[list(numbers)] = answers.logits.double().cpu().numpy()
        return auroc(labels, logits)

    def _card_of(self, epoch: int) -> PreprocessingCard:
        """With the side of this epoch."""
        first, side = self.options.first_side, self.options.side
        is_first_half = epoch < self.options.epochs // 2
        return replace(self.card, side_px=first if first and is_first_half else side)
