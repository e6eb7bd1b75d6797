"""The whole network: a backbone, a map of where fractures are, and one logit for the image."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.vision.networks.backbone import Backbone, Features
from worker.vision.networks.scope_head import ScopeHead

MAP_CHANNELS = 96
DROPOUT = 0.25
MAP_SHARPNESS = 4.0  # of the log-mean-exp over the map: between the mean (0) and the maximum (large)
FRACTURE_PRIOR = 0.01  # share of map cells in a fracture box; starting there avoids a rough first epoch


class Answers(NamedTuple):
    """Raw logits, float32."""

    logits: Tensor  # (N,) fractured
    maps: Tensor  # (N, H/16, W/16) fractured here; at stride 8 from a pyramid, 4 from a second look
    scope: Tensor  # (N,) the kind of image that the network was trained on


class Reader(nn.Module):
    """Reads one-channel radiographs.

    The image logit adds what the whole image says to a soft maximum of the map, so that the heatmap explains
    the probability shown beside it.
    """

    explained = "backbone"  # the module whose last output Grad-CAM looks at
    map_stride = 16
    added: tuple[str, ...] = ()  # layers that may start without weights beside a trained reader's

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        channels_16, channels_32 = backbone.channels_16, backbone.channels_32
        self.backbone = backbone
        self.from_fine = nn.Conv2d(channels_16, MAP_CHANNELS, kernel_size=1, bias=False)
        self.from_coarse = nn.Conv2d(channels_32, MAP_CHANNELS, kernel_size=1, bias=False)
        self.mixed = mixing()
        self.map = nn.Conv2d(MAP_CHANNELS, 1, kernel_size=1)
        self.dropout = nn.Dropout(DROPOUT)
        self.image = nn.Linear(channels_32, 1)
        self.scope = ScopeHead(channels_16, channels_32)
        self.map_weight = nn.Parameter(torch.tensor(0.5))
        self._start_from_prior()

    def forward(self, image: Tensor) -> Answers:
        """Read normalised images (N, 1, H, W), sides multiples of 32."""
        features: Features = self.backbone(image)
        cells = self.cells(features)
        fracture_map = self.map(cells).float()[:, 0]
        pooled = features.stride_32.mean(dim=(2, 3))
        logits = self.image(self.dropout(pooled))[:, 0].float()
        scope_features = self.scope.features(features.stride_16, features.stride_32).detach()
        scope = self.scope(scope_features)[:, 0].float()
        whole = logits + self.map_weight * soft_maximum(fracture_map)
        return Answers(whole, fracture_map, scope)

    def cells(self, features: Features) -> Tensor:
        """What the map is read from, (N, MAP_CHANNELS, rows, columns)."""
        coarse = self.from_coarse(features.stride_32)
        upsampled = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        cells: Tensor = self.mixed(self.from_fine(features.stride_16) + upsampled)
        return cells

    @property
    def scope_heads(self) -> tuple[ScopeHead, ...]:
        """What makes the scope logit of `scope_features`, each of its own part of them."""
        return (self.scope,)

    def scope_features(self, image: Tensor) -> Tensor:
        """What the scope logit is made of, (N, channels_32 + channels_16)."""
        features: Features = self.backbone(image)
        return self.scope.features(features.stride_16, features.stride_32)

    def _start_from_prior(self) -> None:
        nn.init.normal_(self.map.weight, std=0.01)
        assert self.map.bias is not None
        nn.init.constant_(self.map.bias, math.log(FRACTURE_PRIOR / (1 - FRACTURE_PRIOR)))
        nn.init.zeros_(self.image.weight)
        nn.init.constant_(self.image.bias, 1.0)
        nn.init.zeros_(self.scope.weight)
        nn.init.zeros_(self.scope.bias)


def mixing() -> nn.Sequential:
    """Looks at the neighbours of each cell, MAP_CHANNELS in and out."""
    return nn.Sequential(
        nn.BatchNorm2d(MAP_CHANNELS),
        nn.ReLU(inplace=True),
        nn.Conv2d(MAP_CHANNELS, MAP_CHANNELS, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(MAP_CHANNELS),
        nn.ReLU(inplace=True),
    )


def soft_maximum(fracture_map: Tensor) -> Tensor:
    """(N, H, W) -> (N,): between the mean and the largest value of each map."""
    flat = fracture_map.flatten(1) * MAP_SHARPNESS
    largest = flat.amax(dim=1, keepdim=True).detach()
    # A mean, not a sum and a constant: the exported network takes maps of every size.
    return (torch.exp(flat - largest).mean(dim=1).log() + largest[:, 0]) / MAP_SHARPNESS
