"""Architectures by the name that a release card gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from worker.vision.networks.backbone import Backbone
from worker.vision.networks.close_reader import CloseReader
from worker.vision.networks.ensemble import Ensemble
from worker.vision.networks.lite import Lite0, Lite2
from worker.vision.networks.mobilenet import MobileNet
from worker.vision.networks.plain import PlainCnn
from worker.vision.networks.pyramid import PyramidReader
from worker.vision.networks.reader import Reader
from worker.vision.networks.resnet import ResNet18, ResNet50, ResNet50C4
from worker.vision.networks.scale import Scale
from worker.vision.networks.second_look import SecondLook
from worker.vision.networks.staged import ConvNextTiny, EfficientNetB0, MobileNetV3, Vgg16
from worker.vision.networks.tiny_network import TinyNetwork

IMAGENET = Scale(0.449, 0.226)  # means over the three channels; grey has one
LITE_SCALE = Scale(127 / 255, 128 / 255)  # what EfficientNet-Lite was pre-trained with
TOGETHER = "+"  # between the names of networks that read an image together

Trainable = Reader | CloseReader
Network = Reader | Ensemble | SecondLook  # that answers about whole images


class UnknownArchitecture(ValueError):
    """The name of an architecture that is not registered here."""


@dataclass(frozen=True)
class Architecture:
    """How to build a backbone, the input it was pre-trained on, and what reads its features."""

    backbone: Callable[[], Backbone]
    scale: Scale
    reader: Callable[[Backbone], Trainable] = Reader


_BACKBONES = {
    "efficientnet-lite0": Architecture(Lite0, LITE_SCALE),
    "efficientnet-lite2": Architecture(Lite2, LITE_SCALE),
    "mobilenet-v2": Architecture(MobileNet, IMAGENET),
    "resnet18": Architecture(ResNet18, IMAGENET),
    "resnet50": Architecture(ResNet50, IMAGENET),
    "resnet50-c4": Architecture(ResNet50C4, IMAGENET),
    "vgg16": Architecture(Vgg16, IMAGENET),
    "efficientnet-b0": Architecture(EfficientNetB0, IMAGENET),
    "convnext-tiny": Architecture(ConvNextTiny, IMAGENET),
    "mobilenet-v3": Architecture(MobileNetV3, IMAGENET),
    "plain-cnn": Architecture(PlainCnn, Scale(0.5, 0.5)),
}
PYRAMID = "-fpn"  # after the name of a backbone: with a finer map
_PYRAMIDS = {f"{name}{PYRAMID}": replace(kind, reader=PyramidReader) for name, kind in _BACKBONES.items()}
CLOSE = "-close"  # after the name of a backbone: looks at places that another network suspects
_CLOSERS = {f"{name}{CLOSE}": replace(kind, reader=CloseReader) for name, kind in _BACKBONES.items()}
READERS = _BACKBONES | _PYRAMIDS
ARCHITECTURES = READERS | _CLOSERS


def build(name: str) -> nn.Module:
    """A network for a release's architecture, with random weights, that returns `Answers`.

    name    one of ARCHITECTURES, or several joined by +: an ensemble, a second look when the last is a closer
    raises  UnknownArchitecture
    """
    if name == "tiny":
        return TinyNetwork()
    names = name.split(TOGETHER)
    try:
        return together(names, [build_trainable(member) for member in names])
    except ValueError as failure:
        raise UnknownArchitecture(str(failure)) from failure


def together(names: Sequence[str], networks: Sequence[Trainable]) -> Network:
    """One network of those of these architectures: the one itself, or an ensemble; a closer looks again.

    raises  ValueError when one that looks from near is not the last of several
    """
    scales = [ARCHITECTURES[name].scale for name in names]
    *before, last = networks
    if isinstance(last, CloseReader):
        return SecondLook(_first(before, scales[:-1]), last, (scales[0], scales[-1]))
    return _first(networks, scales)


def _first(networks: Sequence[Trainable], scales: Sequence[Scale]) -> Reader | Ensemble:
    readers = [network for network in networks if isinstance(network, Reader)]
    if not readers or len(readers) < len(networks):
        raise ValueError(f"a network that looks from near ({CLOSE}) comes last, after one that says where")
    return readers[0] if len(readers) == 1 else Ensemble(readers, scales)


def build_trainable(name: str) -> Trainable:
    """A network that can be trained, with random weights. Raises UnknownArchitecture."""
    if name not in ARCHITECTURES:
        raise UnknownArchitecture(f"this version knows no architecture {name}")
    kind = ARCHITECTURES[name]
    return kind.reader(kind.backbone())


def build_reader(name: str) -> Reader:
    """One that reads whole images. Raises UnknownArchitecture."""
    network = build_trainable(name)
    if not isinstance(network, Reader):
        raise UnknownArchitecture(f"{name} reads no whole images")
    return network


def looks_closely(name: str) -> bool:
    """Whether the architecture judges places, and not whole images."""
    return name.endswith(CLOSE)


def backbone_of(name: str) -> str:
    """The architecture that lies under a finer map or a closer, whose pre-trained weights fit."""
    return name.removesuffix(PYRAMID).removesuffix(CLOSE)


def load_start(reader: Trainable, weights: Path) -> None:
    """Start from a whole trained reader (a release's weights), or from a pre-trained backbone.

    A pyramid also starts from the reader of the same backbone without one.

    weights  safetensors; a backbone has torchvision's key names and colour input
    raises   ValueError for a folder, or when the file leaves any layer that it should fill without weights
    """
    if weights.is_dir():
        raise ValueError(f"{weights} is a folder: name a file of weights in it, such as best.safetensors")
    stored = {name: tensor.float() for name, tensor in load_file(weights).items()}
    if any(name.startswith("backbone.") for name in stored):
        added = {name: value for name, value in reader.state_dict().items() if name.startswith(reader.added)}
        try:
            reader.load_state_dict(added | stored)
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
