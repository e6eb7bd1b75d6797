"""How fast each part of a network learns, and when."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import nn

HEAD_RATE = 4.0  # learning rate of the untrained head, times that of the backbone
WEIGHT_DECAY = 0.03
WARM_UP_SHARE = 0.05


def optimizer_of(network: nn.Module, rate: float) -> torch.optim.AdamW:
    """AdamW with `rate` for the backbone and a larger one for the head."""
    return torch.optim.AdamW(_parameter_groups(network, rate))


def set_rate(optimizer: torch.optim.Optimizer, progress: float) -> None:
    """A short linear warm-up, then half a cosine to a hundredth. progress is 0 to 1, of all epochs."""
    warm = min(1.0, progress / WARM_UP_SHARE + 0.02)
    cosine = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * warm * cosine


def _parameter_groups(network: nn.Module, rate: float) -> Iterator[dict[str, object]]:
    """Backbone and head, each with and without weight decay (norms, biases and scalars go without)."""
    for is_head in (False, True):
        for decays in (False, True):
            parameters = [
                parameter
                for name, parameter in network.named_parameters()
                if name.startswith("backbone.") != is_head and (parameter.ndim > 1) == decays
            ]
            full_rate = rate * HEAD_RATE if is_head else rate
            decay = WEIGHT_DECAY if decays else 0.0
            if parameters:
                yield {"params": parameters, "lr": full_rate, "full_rate": full_rate, "weight_decay": decay}
