"""EfficientNet-Lite: torchvision's EfficientNet without squeeze-and-excitation, with ReLU6.

Source of the layer table: tensorflow/tpu, models/official/efficientnet/lite. Strides are padded symmetrically
where TensorFlow pads on one side only; fine-tuning absorbs the half pixel.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone, Features
from worker.vision.networks.torchvision_fix import import_torchvision_models

# expand ratio, kernel, stride, channels in, channels out, blocks: Lite0's, which the larger ones multiply
_STAGES = (
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
)
_FIRST_STRIDE_16_STAGE, _FIRST_STRIDE_32_STAGE = 4, 6
_LAST_CHANNELS = 1280


class Lite(Backbone):
    """An EfficientNet-Lite of some width and depth, as multiples of Lite0's."""

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        self.features: nn.Sequential = _torchvision_lite(width, depth).features

    def forward(self, image: Tensor) -> Features:
        finest = self.features[:_FIRST_STRIDE_16_STAGE](image)
        fine = self.features[_FIRST_STRIDE_16_STAGE:_FIRST_STRIDE_32_STAGE](finest)
        return Features(finest, fine, self.features[_FIRST_STRIDE_32_STAGE:](fine))

    def early_layers(self) -> nn.Module:
        return self.features[:2]


class Lite0(Lite):
    channels_8, channels_16, channels_32 = 40, 112, _LAST_CHANNELS

    def __init__(self) -> None:
        super().__init__(width=1.0, depth=1.0)


class Lite2(Lite):
    channels_8, channels_16, channels_32 = 48, 120, _LAST_CHANNELS

    def __init__(self) -> None:
        super().__init__(width=1.1, depth=1.2)


def _torchvision_lite(width: float, depth: float) -> Any:
    efficientnet = import_torchvision_models().efficientnet
    stages = []
    for number, stage in enumerate(_STAGES):
        is_fixed = number in (0, len(_STAGES) - 1)  # the first and the last stage keep their depth
        stages.append(efficientnet.MBConvConfig(*stage, width, 1.0 if is_fixed else depth))
    network = efficientnet.EfficientNet(
        stages,
        dropout=0.2,
        stochastic_depth_prob=0.05,
        norm_layer=partial(nn.BatchNorm2d, eps=1e-3),
        last_channel=_LAST_CHANNELS,
    )
    _make_lite(network, efficientnet.SqueezeExcitation)
    stem = network.features[0]
    stem[0] = nn.Conv2d(1, 32, kernel_size=3, stride=2, padding=1, bias=False)
    return network


def _make_lite(module: nn.Module, squeeze: type[nn.Module]) -> None:
    for name, child in module.named_children():
        if isinstance(child, squeeze):
            setattr(module, name, nn.Identity())
        elif isinstance(child, nn.SiLU):
            setattr(module, name, nn.ReLU6(inplace=True))
        else:
            _make_lite(child, squeeze)
