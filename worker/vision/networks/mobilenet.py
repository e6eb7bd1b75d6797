"""MobileNetV2 from torchvision, for a one-channel image."""

from __future__ import annotations

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone
from worker.vision.networks.torchvision_fix import import_torchvision_models

_FIRST_STRIDE_32_STAGE = 14


class MobileNet(Backbone):
    """Feature maps at strides 16 (96 channels) and 32 (1280 channels)."""

    channels_16, channels_32 = 96, 1280

    def __init__(self) -> None:
        super().__init__()
        self.features: nn.Sequential = import_torchvision_models().mobilenet_v2(weights=None).features
        self.features[0][0] = nn.Conv2d(1, 32, kernel_size=3, stride=2, padding=1, bias=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, S, S) -> (N, 96, S/16, S/16), (N, 1280, S/32, S/32)"""
        fine = self.features[:_FIRST_STRIDE_32_STAGE](image)
        return fine, self.features[_FIRST_STRIDE_32_STAGE:](fine)

    def early_layers(self) -> nn.Module:
        return self.features[:2]
