"""A reader with a map twice as fine."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from worker.vision.networks.backbone import Backbone, Features
from worker.vision.networks.reader import MAP_CHANNELS, Reader, mixing


class PyramidReader(Reader):
    """Looks at the features of stride 8 too: half of the fractures marked in FracAtlas are narrower than one
    and a half cells of stride 16.

    A `Reader` of the same backbone is a start for this one: what is added leaves its answers as they are
    until it is trained.

    source  Lin et al. 2017, "Feature Pyramid Networks for Object Detection"
    """

    map_stride = 8
    added = ("from_finest.", "refined.")

    def __init__(self, backbone: Backbone) -> None:
        super().__init__(backbone)
        self.from_finest = nn.Conv2d(backbone.channels_8, MAP_CHANNELS, kernel_size=1, bias=False)
        last = nn.Conv2d(MAP_CHANNELS, MAP_CHANNELS, kernel_size=1, bias=False)
        nn.init.zeros_(last.weight)
        self.refined = nn.Sequential(*mixing(), last)

    def cells(self, features: Features) -> Tensor:
        coarse = super().cells(features)
        upsampled = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        return upsampled + self.refined(upsampled + self.from_finest(features.stride_8))
