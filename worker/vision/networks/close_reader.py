"""A network that looks at one place of a radiograph from near."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone, Features

CLOSE_UP_PX = 160  # side of what it is shown
SEEN_PX = 96  # of the canvas, that are shown so large
BOX_UNIT = 1 / 4  # of a close-up's side: offsets and sizes of boxes are told in it
NEAR_CELLS = 2  # of stride 16, to each side of the middle
DROPOUT = 0.3


class CloseAnswers(NamedTuple):
    """Raw answers about close-ups, float32."""

    logits: Tensor  # (M,) a fracture's box holds the middle
    boxes: Tensor  # (M, 4) its centre from the middle, x and y, and the logarithms of its width and height


class CloseReader(nn.Module):
    """Judges what lies in the middle of a close-up, with the surroundings in view."""

    added: tuple[str, ...] = ()  # layers that may start without weights beside a trained reader's

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(DROPOUT)
        self.judge = nn.Linear(backbone.channels_32 + backbone.channels_16, 5)

    def forward(self, close_ups: Tensor) -> CloseAnswers:
        """Read normalised close-ups (M, 1, CLOSE_UP_PX, CLOSE_UP_PX)."""
        features: Features = self.backbone(close_ups)
        middle = CLOSE_UP_PX // 16 // 2
        near = slice(middle - NEAR_CELLS, middle + NEAR_CELLS)
        whole = features.stride_32.float().mean(dim=(2, 3))
        centre = features.stride_16[:, :, near, near].float().mean(dim=(2, 3))
        said = self.judge(self.dropout(torch.cat([whole, centre], dim=1))).float()
        return CloseAnswers(said[:, 0], said[:, 1:])
