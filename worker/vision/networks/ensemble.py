"""Several networks that read the same image, and answer together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.vision.networks.reader import Answers, Reader, soft_maximum


class Scale(NamedTuple):
    """How a network wants its images: (value on 0..1 - mean) / deviation."""

    mean: float
    deviation: float


class Ensemble(nn.Module):
    """The mean of what its members say of an image; the scope is the first one's alone.

    What the mean map shows at its hottest counts once more: members trained apart err in different places,
    so that their maps agree where a fracture is (`docs/experiments.md` says what that brings).

    scales  of the members; an image comes as the first one wants it
    """

    explained = "members.0.backbone"  # the module whose last output Grad-CAM looks at

    def __init__(self, members: Sequence[Reader], scales: Sequence[Scale]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.scales = tuple(scales)
        self.strides = tuple(member.map_stride for member in members)

    def forward(self, image: Tensor) -> Answers:
        """As one member: (N, 1, H, W) -> logits (N,), maps (N, rows, columns), scope (N,)"""
        given = self.scales[0]
        answers: list[Answers] = [
            member(_rescaled(image, given, wanted))
            for member, wanted in zip(self.members, self.scales, strict=True)
        ]
        logits = torch.stack([answer.logits for answer in answers]).mean(dim=0)
        maps = self._mean_map([answer.maps for answer in answers])
        return Answers(logits + soft_maximum(maps), maps, answers[0].scope)

    def _mean_map(self, maps: Sequence[Tensor]) -> Tensor:
        """As fine as the finest of them."""
        finest = min(self.strides)
        finer = [
            _times_as_fine(cells, stride / finest) for cells, stride in zip(maps, self.strides, strict=True)
        ]
        return torch.stack(finer).mean(dim=0)


def _times_as_fine(cells: Tensor, factor: float) -> Tensor:
    if factor == 1:
        return cells
    finer = functional.interpolate(cells[:, None], scale_factor=factor, mode="bilinear", align_corners=False)
    return finer[:, 0]


def _rescaled(image: Tensor, given: Scale, wanted: Scale) -> Tensor:
    if given == wanted:
        return image
    return (image * given.deviation + (given.mean - wanted.mean)) / wanted.deviation
