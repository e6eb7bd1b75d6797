"""What a backbone offers the reader that is built on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn


class Features(NamedTuple):
    """Feature maps of images (N, 1, H, W), the last one the coarsest."""

    stride_8: Tensor  # (N, channels_8, H/8, W/8)
    stride_16: Tensor  # (N, channels_16, H/16, W/16)
    stride_32: Tensor  # (N, channels_32, H/32, W/32)


class Backbone(nn.Module, ABC):
    """Turns a one-channel image into feature maps at strides 8, 16 and 32."""

    channels_8: int
    channels_16: int
    channels_32: int

    @abstractmethod
    def forward(self, image: Tensor) -> Features: ...

    @abstractmethod
    def early_layers(self) -> nn.Module:
        """Edges and gratings: kept as pre-trained, which suits small data and halves the cost of training."""
