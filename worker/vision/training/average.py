"""A running mean of the weights, which reads better than the last step's."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

DECAY = 0.995
SLOWEST_START = 10


@torch.no_grad()
def half_way(network: nn.Module, start: Mapping[str, Tensor]) -> nn.Module:
    """The network half way back to the weights it started from: what was learnt anew, less of what it cost.

    source  Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"
    """
    halves = copy.deepcopy(network)
    for name, value in halves.state_dict().items():
        if value.dtype.is_floating_point:
            value.lerp_(start[name].to(value.device), 0.5)
    return halves


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
