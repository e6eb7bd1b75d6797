"""A small convolutional network without pre-training, for tests and as a yardstick."""

from __future__ import annotations

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone, Features


class PlainCnn(Backbone):
    """Five strided convolutions; the last three give the feature maps."""

    channels_8, channels_16, channels_32 = 32, 48, 64

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(_halve(1, 12), _halve(12, 24), _halve(24, 32), _halve(32, 48))
        self.coarse = _halve(48, 64)

    def forward(self, image: Tensor) -> Features:
        finest = self.fine[:3](image)
        fine = self.fine[3:](finest)
        return Features(finest, fine, self.coarse(fine))

    def early_layers(self) -> nn.Module:
        return nn.Sequential()


def _halve(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )
