"""MobileNetV2 from torchvision, for a one-channel image."""

from __future__ import annotations

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone, Features
from worker.vision.networks.torchvision_fix import import_torchvision_models

_FIRST_STRIDE_16_STAGE, _FIRST_STRIDE_32_STAGE = 7, 14


class MobileNet(Backbone):
    channels_8, channels_16, channels_32 = 32, 96, 1280

    def __init__(self) -> None:
        super().__init__()
        self.features: nn.Sequential = import_torchvision_models().mobilenet_v2(weights=None).features
        self.features[0][0] = nn.Conv2d(1, 32, kernel_size=3, stride=2, padding=1, bias=False)

    def forward(self, image: Tensor) -> Features:
        finest = self.features[:_FIRST_STRIDE_16_STAGE](image)
        fine = self.features[_FIRST_STRIDE_16_STAGE:_FIRST_STRIDE_32_STAGE](finest)
        return Features(finest, fine, self.features[_FIRST_STRIDE_32_STAGE:](fine))

    def early_layers(self) -> nn.Module:
        return self.features[:2]
