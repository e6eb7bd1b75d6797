"""Several networks that read the same image, and answer together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.vision.networks.reader import Answers, Reader, soft_maximum
from worker.vision.networks.scale import Scale, rescaled
from worker.vision.networks.scope_head import ScopeHead


class Ensemble(nn.Module):
    """The mean of what its members say of an image; their scope logits add up, as parts of one regression.

    What the mean map shows at its hottest counts once more: members trained apart err in different places,
    so that their maps agree where a fracture is (`docs/experiments.md` says what that brings).

    In releases up to greenstick-5 the first member alone tells the scope: the others' heads are zero there.

    scales  of the members; an image comes as the first one wants it
    """

    explained = "members.0.backbone"  # the module whose last output Grad-CAM looks at

    def __init__(self, members: Sequence[Reader], scales: Sequence[Scale]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.scales = tuple(scales)
        self.strides = tuple(member.map_stride for member in members)
        self.map_stride = min(self.strides)

    def forward(self, image: Tensor) -> Answers:
        """As one member: (N, 1, H, W) -> logits (N,), maps (N, rows, columns), scope (N,)"""
        answers: list[Answers] = [
            reader(wanted) for reader, wanted in zip(self._readers, self._for_each(image), strict=True)
        ]
        logits = torch.stack([answer.logits for answer in answers]).mean(dim=0)
        maps = self._mean_map([answer.maps for answer in answers])
        scope = torch.stack([answer.scope for answer in answers]).sum(dim=0)
        return Answers(logits + soft_maximum(maps), maps, scope)

    @property
    def scope_heads(self) -> tuple[ScopeHead, ...]:
        """As a reader's: one of each member."""
        return tuple(reader.scope for reader in self._readers)

    def scope_features(self, image: Tensor) -> Tensor:
        """As a reader's: those of its members side by side, (N, features)."""
        each = zip(self._readers, self._for_each(image), strict=True)
        return torch.cat([reader.scope_features(wanted) for reader, wanted in each], dim=1)

    @property
    def _readers(self) -> Sequence[Reader]:
        return cast("Sequence[Reader]", self.members)

    def _for_each(self, image: Tensor) -> Iterator[Tensor]:
        """The image as each member wants it."""
        return (rescaled(image, self.scales[0], wanted) for wanted in self.scales)

    def _mean_map(self, maps: Sequence[Tensor]) -> Tensor:
        """As fine as the finest of them."""
        each = zip(maps, self.strides, strict=True)
        finer = [_times_as_fine(cells, stride / self.map_stride) for cells, stride in each]
        return torch.stack(finer).mean(dim=0)


def _times_as_fine(cells: Tensor, factor: float) -> Tensor:
    if factor == 1:
        return cells
    finer = functional.interpolate(cells[:, None], scale_factor=factor, mode="bilinear", align_corners=False)
    return finer[:, 0]
