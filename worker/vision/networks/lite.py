"""EfficientNet-Lite0: torchvision's EfficientNet without squeeze-and-excitation, with ReLU6.

Source of the layer table: tensorflow/tpu, models/official/efficientnet/lite. Strides are padded symmetrically
where TensorFlow pads on one side only; fine-tuning absorbs the half pixel.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone, Features
from worker.vision.networks.torchvision_fix import import_torchvision_models

# expand ratio, kernel, stride, channels in, channels out, blocks
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


class Lite0(Backbone):
    channels_8, channels_16, channels_32 = 40, 112, 1280

    def __init__(self) -> None:
        super().__init__()
        self.features: nn.Sequential = _torchvision_lite0().features

    def forward(self, image: Tensor) -> Features:
        finest = self.features[:_FIRST_STRIDE_16_STAGE](image)
        fine = self.features[_FIRST_STRIDE_16_STAGE:_FIRST_STRIDE_32_STAGE](finest)
        return Features(finest, fine, self.features[_FIRST_STRIDE_32_STAGE:](fine))

    def early_layers(self) -> nn.Module:
        return self.features[:2]


def _torchvision_lite0() -> Any:
    efficientnet = import_torchvision_models().efficientnet
    stages = [efficientnet.MBConvConfig(*stage[:3], *stage[3:], 1.0, 1.0) for stage in _STAGES]
    network = efficientnet.EfficientNet(
        stages, dropout=0.2, stochastic_depth_prob=0.05, norm_layer=partial(nn.BatchNorm2d, eps=1e-3)
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
