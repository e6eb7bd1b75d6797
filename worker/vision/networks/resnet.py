"""ResNets from torchvision, for a one-channel image."""

from __future__ import annotations

from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone, Features
from worker.vision.networks.torchvision_fix import import_torchvision_models


class ResNet(Backbone):
    """Four stages, the last three of which give the feature maps."""

    def __init__(self, name: str) -> None:
        super().__init__()
        whole = getattr(import_torchvision_models(), name)(weights=None)
        self.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1, self.relu, self.maxpool = whole.bn1, whole.relu, whole.maxpool
        self.layer1, self.layer2, self.layer3 = whole.layer1, whole.layer2, whole.layer3
        self.layer4: nn.Module = whole.layer4

    def forward(self, image: Tensor) -> Features:
        quarter = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(image)))))
        finest = self.layer2(quarter)
        fine = self.layer3(finest)
        return Features(finest, fine, self.layer4(fine))

    def early_layers(self) -> nn.Module:
        return nn.Sequential(self.conv1, self.bn1)


class ResNet18(ResNet):
    channels_8, channels_16, channels_32 = 128, 256, 512

    def __init__(self) -> None:
        super().__init__("resnet18")


class ResNet50(ResNet):
    """With the strides of the first paper (He et al. 2015), in the first convolution of a block."""

    channels_8, channels_16, channels_32 = 512, 1024, 2048

    def __init__(self) -> None:
        super().__init__("resnet50")
        for stage in (self.layer2, self.layer3, self.layer4):
            stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)  # type: ignore[index]

    def early_layers(self) -> nn.Module:
        return nn.Sequential(self.conv1, self.bn1, self.layer1)


class ResNet50C4(ResNet50):
    """Without the last stage, which holds two thirds of the weights: its means stand for the coarse map."""

    channels_8, channels_16, channels_32 = 512, 1024, 1024

    def __init__(self) -> None:
        super().__init__()
        self.layer4 = nn.AvgPool2d(2)
