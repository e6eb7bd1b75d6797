"""Teach a trained network to tell radiographs of its own kind from other pictures; it reads as before.

Only the scope head is fitted: a logistic regression on the features that the reader already computes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from worker.vision.card import PreprocessingCard
from worker.vision.networks.reader import Reader
from worker.vision.training.batches import plain_batches
from worker.vision.training.samples import Sample
from worker.vision.verdicts import sigmoid

BATCH = 16
RIDGE = 1e-3
STEPS = 100
KEPT_SHARE = 0.995  # of radiographs of the trained kind that must still be read
MOST_KNOWN = 1000  # training images used, evenly picked: still several for each other picture


@dataclass(frozen=True)
class ScopeFit:
    """What the fit was made of, and how well it tells apart what it was not fitted on."""

    least_scope: float  # probability below which an image is out of scope
    known_images: int
    other_images: int
    kept_share: float  # of the tuning fold's radiographs that are still read
    refused_share_when_kind_unseen: dict[str, float]  # of each kind, by a fit on all other kinds


def fit_scope(
    network: Reader,
    known: Sequence[Sample],
    other: Sequence[Sample],
    tune: Sequence[Sample],
    card: PreprocessingCard,
) -> ScopeFit:
    """Fit the scope head in place to tell `known` from `other`, both weighing the same.

    tune  radiographs of the known kind, by which the threshold is chosen
    """
    known_features = features_of(network, known[:: math.ceil(len(known) / MOST_KNOWN)], card)
    other_features = features_of(network, other, card)
    tune_features = features_of(network, tune, card)
    weight, bias = _fitted(known_features, other_features)
    with torch.no_grad():
        network.scope.weight.copy_(weight[None])
        network.scope.bias.copy_(bias[None])
    threshold = _threshold(tune_features @ weight + bias)
    return ScopeFit(
        least_scope=sigmoid(threshold),
        known_images=len(known_features),
        other_images=len(other),
        kept_share=float((tune_features @ weight + bias >= threshold).float().mean()),
        refused_share_when_kind_unseen=_by_kind(known_features, other_features, tune_features, other),
    )


@torch.inference_mode()
def features_of(network: Reader, samples: Sequence[Sample], card: PreprocessingCard) -> Tensor:
    """The pooled features that the scope head reads, (N, channels)."""
    network.eval()
    return torch.cat([network.pooled(images) for images in plain_batches(samples, card, BATCH)]).clone()


def _fitted(known: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Weight and bias on raw features, fitted on standardised ones."""
    features = torch.cat([known, other])
    labels = torch.cat([torch.ones(len(known)), torch.zeros(len(other))])
    mean, deviation = features.mean(dim=0), features.std(dim=0) + 1e-3
    weight, bias = _logistic((features - mean) / deviation, labels)
    return weight / deviation, bias - (weight * mean / deviation).sum()


def _threshold(logits: Tensor) -> float:
    """Even odds, or lower where that would refuse too many of these images, which are in scope."""
    return min(0.0, float(torch.quantile(logits, 1 - KEPT_SHARE)))


def _by_kind(known: Tensor, other: Tensor, tune: Tensor, samples: Sequence[Sample]) -> dict[str, float]:
    kinds = np.array([sample.kind for sample in samples])
    shares = {}
    for kind in sorted(set(kinds.tolist())):
        unseen = torch.from_numpy(kinds == kind)
        if unseen.all():
            continue
        weight, bias = _fitted(known, other[~unseen])
        threshold = _threshold(tune @ weight + bias)
        shares[kind] = round(float((other[unseen] @ weight + bias < threshold).float().mean()), 3)
    return shares


def _logistic(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
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
