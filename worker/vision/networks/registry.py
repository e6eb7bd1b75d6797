"""Architectures by the name that a release card gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone
from worker.vision.networks.lite import Lite0
from worker.vision.networks.mobilenet import MobileNet
from worker.vision.networks.plain import PlainCnn
from worker.vision.networks.reader import Reader
from worker.vision.networks.resnet import ResNet18, ResNet50, ResNet50C4
from worker.vision.networks.staged import ConvNextTiny, EfficientNetB0, MobileNetV3, Vgg16
from worker.vision.networks.tiny_network import TinyNetwork

IMAGENET_MEAN, IMAGENET_DEVIATION = 0.449, 0.226  # means over the three channels; grey has one


class UnknownArchitecture(ValueError):
    """The name of an architecture that is not registered here."""


@dataclass(frozen=True)
class Architecture:
    """How to build a backbone, and the input it was pre-trained on (0..1, mean, standard deviation)."""

    backbone: Callable[[], Backbone]
    mean: float
    deviation: float


ARCHITECTURES = {
    "efficientnet-lite0": Architecture(Lite0, 127 / 255, 128 / 255),
    "mobilenet-v2": Architecture(MobileNet, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "resnet18": Architecture(ResNet18, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "resnet50": Architecture(ResNet50, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "resnet50-c4": Architecture(ResNet50C4, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "vgg16": Architecture(Vgg16, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "efficientnet-b0": Architecture(EfficientNetB0, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "convnext-tiny": Architecture(ConvNextTiny, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "mobilenet-v3": Architecture(MobileNetV3, IMAGENET_MEAN, IMAGENET_DEVIATION),
    "plain-cnn": Architecture(PlainCnn, 0.5, 0.5),
}


def build(name: str) -> nn.Module:
    """A network for a release's architecture, with random weights, that returns `Answers`.

    raises  UnknownArchitecture
    """
    return TinyNetwork() if name == "tiny" else build_reader(name)


def build_reader(name: str) -> Reader:
    """A network that can be trained, with random weights. Raises UnknownArchitecture."""
    if name not in ARCHITECTURES:
        raise UnknownArchitecture(f"this version knows no architecture {name}")
    return Reader(ARCHITECTURES[name].backbone())


def load_start(reader: Reader, weights: Path) -> None:
    """Start from a whole trained reader (a release's weights), or from a pre-trained backbone.

    weights  safetensors; a backbone has torchvision's key names and colour input
    raises   ValueError when the file leaves any layer that it should fill without weights
    """
    stored = {name: tensor.float() for name, tensor in load_file(weights).items()}
    if any(name.startswith("backbone.") for name in stored):
        try:
            reader.load_state_dict(stored)
        except RuntimeError as failure:
            raise ValueError(f"{weights.name} holds another architecture's reader") from failure
        return
    wanted = reader.backbone.state_dict()
    fitting = {name: _to_grey(tensor, wanted[name]) for name, tensor in stored.items() if name in wanted}
    counters = {name for name in wanted if name.endswith("num_batches_tracked")}
    missing = wanted.keys() - fitting.keys() - counters
    if missing:
        raise ValueError(f"{weights.name} has no weights for {len(missing)} layers, such as {min(missing)}")
    reader.backbone.load_state_dict(fitting, strict=False)


def _to_grey(stored: Tensor, wanted: Tensor) -> Tensor:
    """Sum a colour stem over its input channels: the same answer as grey repeated three times."""
    if stored.ndim == 4 and stored.shape[1] == 3 and wanted.shape[1] == 1:
        return stored.sum(dim=1, keepdim=True)
    return stored
