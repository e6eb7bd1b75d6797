"""ResNet-18 from torchvision, for a one-channel image."""

from __future__ import annotations

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone
from worker.vision.networks.torchvision_fix import import_torchvision_models


class ResNet18(Backbone):
    """Feature maps at strides 16 (256 channels) and 32 (512 channels)."""

    channels_16, channels_32 = 256, 512

    def __init__(self) -> None:
        super().__init__()
        whole = import_torchvision_models().resnet18(weights=None)
        self.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1, self.relu, self.maxpool = whole.bn1, whole.relu, whole.maxpool
        self.layer1, self.layer2 = whole.layer1, whole.layer2
        self.layer3, self.layer4 = whole.layer3, whole.layer4

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, S, S) -> (N, 256, S/16, S/16), (N, 512, S/32, S/32)"""
        quarter = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(image)))))
        fine = self.layer3(self.layer2(quarter))
        return fine, self.layer4(fine)

    def early_layers(self) -> nn.Module:
        return nn.Sequential(self.conv1, self.bn1)
