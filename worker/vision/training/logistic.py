"""Logistic regression with a ridge, both classes weighing the same."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

RIDGE = 1e-3
STEPS = 100


def fitted(positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """Weight (features,) and bias on raw features (N, features), fitted on standardised ones."""
    features = torch.cat([positive, negative])
    labels = torch.cat([torch.ones(len(positive)), torch.zeros(len(negative))])
    mean, deviation = features.mean(dim=0), features.std(dim=0) + 1e-3
    weight, bias = _fitted((features - mean) / deviation, labels)
    return weight / deviation, bias - (weight * mean / deviation).sum()


def _fitted(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    weight = torch.zeros(features.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    balance = torch.where(labels > 0, 0.5 / labels.mean(), 0.5 / (1 - labels).mean())
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        fit = functional.binary_cross_entropy_with_logits(features @ weight + bias, labels, weight=balance)
        total = fit + RIDGE * weight.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()[0]
