"""Teach a trained network to tell radiographs of its own kind from other pictures; it reads as before.

Only the scope heads are fitted: one logistic regression on features that the readers already compute.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.vision.card import PreprocessingCard
from worker.vision.networks.registry import Network
from worker.vision.passes import of_one_shape
from worker.vision.preprocess import normalise
from worker.vision.training.logistic import fitted
from worker.vision.training.samples import Sample
from worker.vision.training.scope_pictures import Drawn, changed, drawn_pictures
from worker.vision.verdicts import sigmoid

BATCH = 16
SEED = 0
FOLDS = 5
DRAWN_OF_EACH_KIND = 40
KEPT_SHARE, KEPT_SHARE_CHANGED = 0.995, 0.995  # of radiographs of the trained kind that must still be read
MOST_KNOWN, MOST_TUNE = 1000, 700  # radiographs used, evenly picked: each costs two passes of the network
DRAWN = -1  # the group of what was drawn: it teaches, and judges nothing


@dataclass(frozen=True)
class ScopeFit:
    """What the fit was made of, and how well it tells apart what it was not fitted on.

    changed  as another hospital would hand it out (sharpened, blurred, cropped, other exposure, framed), or
             as it is changed in training
    """

    least_scope: float  # probability below which an image is out of scope
    known_images: int
    other_images: int
    drawn_images: int
    kept_share: float  # of the tuning fold's radiographs that are still read
    kept_share_changed: float  # of the same, changed
    refused_share: float  # of the other pictures, each by a fit on four fifths of them
    refused_share_when_kind_unseen: dict[str, float]  # of each kind, by a fit on all other kinds


class Limbs(NamedTuple):
    """Features of radiographs to be read, as they are and changed, (N, features) each."""

    plain: Tensor
    changed: Tensor


class Others(NamedTuple):
    """Features of pictures to be refused: collected, the same changed, drawn (N, features)."""

    features: Tensor
    is_collected: NDArray[np.bool_]
    groups: NDArray[np.int64]  # what belongs to one collected picture; DRAWN otherwise


class Head(NamedTuple):
    weight: Tensor  # (features,)
    bias: Tensor
    threshold: float  # logit below which a picture is refused


def fit_scope(
    network: Network,
    known: Sequence[Sample],
    other: Sequence[Sample],
    tune: Sequence[Sample],
    card: PreprocessingCard,
) -> ScopeFit:
    """Fit the scope heads in place to tell `known` from `other` and from drawn pictures.

    tune  radiographs of the known kind, by which the threshold is chosen
    """
    random = np.random.default_rng(SEED)
    known, tune = _evenly(known, MOST_KNOWN), _evenly(tune, MOST_TUNE)
    drawn = drawn_pictures(known, DRAWN_OF_EACH_KIND, card, random)
    limbs, tuning = (_limbs(network, samples, card, random) for samples in (known, tune))
    others = _others(network, other, drawn, card, random)
    head = _fitted(limbs, others, tuning, None)
    _teach(network, head)
    kinds = np.array([sample.kind for sample in other])
    return ScopeFit(
        least_scope=sigmoid(head.threshold),
        known_images=len(known),
        other_images=len(other),
        drawn_images=len(drawn),
        kept_share=1 - _refused(head, tuning.plain),
        kept_share_changed=1 - _refused(head, tuning.changed),
        refused_share=_refused_in_turn(limbs, others, tuning, len(other)),
        refused_share_when_kind_unseen={
            kind: _refused_unseen(limbs, others, tuning, np.flatnonzero(kinds == kind))
            for kind in sorted(set(kinds.tolist()))
            if not (kinds == kind).all()
        },
    )


@torch.inference_mode()
def features_of(network: Network, canvases: Sequence[Drawn], card: PreprocessingCard) -> Tensor:
    """What the scope heads read of each canvas, (N, features)."""
    # Twice as fast on a CPU; a copy, so that the network that is published keeps its layout.
    fast = copy.deepcopy(network).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    features = torch.empty(len(canvases), sum(_parts(fast)))
    for places in of_one_shape(canvases, BATCH):
        images = np.stack([normalise(canvases[place], card) for place in places])
        features[list(places)] = fast.scope_features(torch.from_numpy(images))
    return features.clone()


@torch.no_grad()
def _teach(network: Network, head: Head) -> None:
    """Give each scope head its part of the regression, and the first one the bias."""
    for layer, weight in zip(network.scope_heads, torch.split(head.weight, _parts(network)), strict=True):
        layer.weight.copy_(weight[None])
        layer.bias.zero_()
    network.scope_heads[0].bias.copy_(head.bias[None])


def scope_logits(network: Network, features: Tensor) -> Tensor:
    """What the scope heads say of features (N, features), (N,)."""
    each = zip(network.scope_heads, torch.split(features, _parts(network), dim=1), strict=True)
    return torch.stack([layer(part)[:, 0] for layer, part in each]).sum(dim=0)


def _parts(network: Network) -> list[int]:
    """How many features each scope head reads."""
    return [layer.in_features for layer in network.scope_heads]


def _limbs(
    network: Network, samples: Sequence[Sample], card: PreprocessingCard, random: np.random.Generator
) -> Limbs:
    plain = features_of(network, [sample.canvas for sample in samples], card)
    return Limbs(plain, features_of(network, changed(samples, card, random), card))


def _others(
    network: Network,
    collected: Sequence[Sample],
    drawn: Sequence[Drawn],
    card: PreprocessingCard,
    random: np.random.Generator,
) -> Others:
    plain = [sample.canvas for sample in collected]
    features = features_of(network, [*plain, *changed(collected, card, random), *drawn], card)
    numbers = np.arange(len(collected))
    groups = np.concatenate([numbers, numbers, np.full(len(drawn), DRAWN)])
    return Others(features, np.arange(len(groups)) < len(collected), groups)


def _fitted(limbs: Limbs, others: Others, tuning: Limbs, left_out: NDArray[np.int64] | None) -> Head:
    """A head that never saw the groups `left_out`."""
    seen = others.features
    if left_out is not None:
        seen = seen[torch.from_numpy(~np.isin(others.groups, left_out))]
    weight, bias = fitted(torch.cat(limbs), seen)
    logits, changed_logits = (features @ weight + bias for features in tuning)
    # Even odds, or lower where that would refuse too many of these images, which are in scope. Between two
    # images' logits the lower one, since a threshold above it would keep less than the share demanded.
    threshold = min(
        0.0,
        float(torch.quantile(logits, 1 - KEPT_SHARE, interpolation="lower")),
        float(torch.quantile(changed_logits, 1 - KEPT_SHARE_CHANGED, interpolation="lower")),
    )
    return Head(weight, bias, threshold)


def _refused_in_turn(limbs: Limbs, others: Others, tuning: Limbs, collected: int) -> float:
    """The share of collected pictures that is refused, each by a head fitted without it."""
    order = np.random.default_rng(SEED).permutation(collected)
    folds = [fold for fold in np.array_split(order, FOLDS) if len(fold)]
    refused = [len(fold) * _refused_unseen(limbs, others, tuning, fold) for fold in folds]
    return round(sum(refused) / collected, 4)


def _refused_unseen(limbs: Limbs, others: Others, tuning: Limbs, groups: NDArray[np.int64]) -> float:
    head = _fitted(limbs, others, tuning, groups)
    asked = others.is_collected & np.isin(others.groups, groups)
    return round(_refused(head, others.features[torch.from_numpy(asked)]), 3)


def _refused(head: Head, features: Tensor) -> float:
    return float((features @ head.weight + head.bias < head.threshold).float().mean())


def _evenly(samples: Sequence[Sample], most: int) -> Sequence[Sample]:
    return samples[:: math.ceil(len(samples) / most)] if samples else samples
