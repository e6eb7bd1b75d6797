"""What a backbone offers the reader that is built on it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Backbone(nn.Module, ABC):
    """Turns a one-channel image into feature maps at strides 16 and 32."""

    channels_16: int
    channels_32: int

    @abstractmethod
    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, S, S) -> (N, channels_16, S/16, S/16), (N, channels_32, S/32, S/32)"""

    @abstractmethod
    def early_layers(self) -> nn.Module:
        """Edges and gratings: kept as pre-trained, which suits small data and halves the cost of training."""
