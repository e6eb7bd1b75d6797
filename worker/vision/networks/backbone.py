"""What a backbone offers the reader that is built on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn


class Features(NamedTuple):
    """Feature maps of a square image (N, 1, S, S), the last one the coarsest."""

    stride_8: Tensor  # (N, channels_8, S/8, S/8)
    stride_16: Tensor  # (N, channels_16, S/16, S/16)
    stride_32: Tensor  # (N, channels_32, S/32, S/32)


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
