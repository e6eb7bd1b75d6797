"""What training minimises: the image's label, and the map's overlap with the boxes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LABEL_SMOOTHING = 0.05
FOCUS = 2.0  # Lin et al. 2017, "Focal Loss for Dense Object Detection"
BOX_WEIGHT = 0.75  # of cells inside a box against those outside
MAP_WEIGHT = 0.5
DICE_WEIGHT = 0.3


def image_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean loss of a batch of image logits and labels, both (N,)."""
    smoothed = labels * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / 2
    return functional.binary_cross_entropy_with_logits(logits, smoothed)


def map_loss(maps: Tensor, targets: Tensor) -> Tensor:
    """The mean loss of a batch of map logits, both (N, H, W); targets are 0..1, all 0 without a fracture."""
    return MAP_WEIGHT * _focal(maps, targets) + DICE_WEIGHT * _dice(maps, targets)


def _focal(maps: Tensor, targets: Tensor) -> Tensor:
    """Focal loss summed over all cells, per cell inside a box."""
    plain = functional.binary_cross_entropy_with_logits(maps, targets, reduction="none")
    wrong = torch.abs(targets - torch.sigmoid(maps))
    weight = BOX_WEIGHT * targets + (1 - BOX_WEIGHT) * (1 - targets)
    return (weight * wrong**FOCUS * plain).sum() / targets.sum().clamp(min=float(len(maps)))


def _dice(maps: Tensor, targets: Tensor) -> Tensor:
    """One minus twice the overlap over the sum, for the images with boxes; zero when a batch has none.

    The sum is of squares, so that it is least where the map is its target, also between 0 and 1.

    source  Milletari et al. 2016, "V-Net"
    """
    has_boxes = (targets.flatten(1).amax(dim=1) > 0).float()
    found = torch.sigmoid(maps).flatten(1)
    wanted = targets.flatten(1)
    squares = found.square().sum(dim=1) + wanted.square().sum(dim=1)
    overlap = (2 * (found * wanted).sum(dim=1) + 1) / (squares + 1)
    return ((1 - overlap) * has_boxes).sum() / has_boxes.sum().clamp(min=1)
