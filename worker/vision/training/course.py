"""What a run is taught, as far as the trainer needs to know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor, nn

from worker.vision.networks.registry import Trainable
from worker.vision.training.crew import Crew


class Course(Protocol):
    """A run's material, the same for every epoch or drawn anew for each; by the seed alone."""

    def lesson(self, network: Trainable, in_bfloat16: bool) -> nn.Module:
        """The network with its loss as one module: what `batches` yields -> the loss of a batch."""
        ...

    def steps(self, epoch: int) -> int:
        """How many batches an epoch has."""
        ...

    def batches(self, epoch: int, crew: Crew) -> Iterator[tuple[Tensor, ...]]:
        """The crew member's share of each: images (N, 1, H, W) first, then what is taught of them."""
        ...
