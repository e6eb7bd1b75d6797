"""A running mean of the weights, which reads better than the last step's."""

from __future__ import annotations

import copy

import torch
from torch import nn

DECAY = 0.995
SLOWEST_START = 10


class WeightAverage:
    """Exponential moving average of a network's weights and batch-norm statistics."""

    def __init__(self, network: nn.Module) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move towards `network`; quickly at first, so that the random start is forgotten."""
        self.steps += 1
        keep = min(DECAY, (1 + self.steps) / (SLOWEST_START + self.steps))
        means, values = self.network.state_dict(), network.state_dict()
        for name, mean in means.items():
            if mean.dtype.is_floating_point:
                mean.lerp_(values[name], 1 - keep)
            else:
                mean.copy_(values[name])
