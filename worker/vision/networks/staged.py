"""Networks of torchvision whose layers stand in one row, for a one-channel image."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone, Features
from worker.vision.networks.torchvision_fix import import_torchvision_models


class Staged(Backbone):
    """`features` of a torchvision network, with the finer maps taken on the way."""

    first_stride_16_stage: int
    first_stride_32_stage: int

    def __init__(self, name: str) -> None:
        super().__init__()
        self.features: nn.Sequential = getattr(import_torchvision_models(), name)(weights=None).features
        _make_grey(self.features)

    def forward(self, image: Tensor) -> Features:
        finest = self.features[: self.first_stride_16_stage](image)
        fine = self.features[self.first_stride_16_stage : self.first_stride_32_stage](finest)
        return Features(finest, fine, self.features[self.first_stride_32_stage :](fine))

    def early_layers(self) -> nn.Module:
        return self.features[:2]


class Vgg16(Staged):
    """VGG-16 with batch norm; 15 million weights, and the slowest here."""

    channels_8, channels_16, channels_32 = 256, 512, 512
    first_stride_16_stage, first_stride_32_stage = 24, 34

    def __init__(self) -> None:
        super().__init__("vgg16_bn")


class EfficientNetB0(Staged):
    channels_8, channels_16, channels_32 = 40, 112, 1280
    first_stride_16_stage, first_stride_32_stage = 4, 6

    def __init__(self) -> None:
        super().__init__("efficientnet_b0")


class ConvNextTiny(Staged):
    channels_8, channels_16, channels_32 = 192, 384, 768
    first_stride_16_stage, first_stride_32_stage = 4, 6

    def __init__(self) -> None:
        super().__init__("convnext_tiny")


class MobileNetV3(Staged):
    """MobileNetV3-Large."""

    channels_8, channels_16, channels_32 = 40, 112, 960
    first_stride_16_stage, first_stride_32_stage = 7, 13

    def __init__(self) -> None:
        super().__init__("mobilenet_v3_large")


def _make_grey(features: nn.Sequential) -> None:
    """Let the first convolution take one channel instead of three, in place."""
    holder: Any = features if isinstance(features[0], nn.Conv2d) else features[0]
    colour: nn.Conv2d = holder[0]
    holder[0] = nn.Conv2d(
        1,
        colour.out_channels,
        kernel_size=colour.kernel_size,  # type: ignore[arg-type]
        stride=colour.stride,  # type: ignore[arg-type]
        padding=colour.padding,  # type: ignore[arg-type]
        bias=colour.bias is not None,
    )
