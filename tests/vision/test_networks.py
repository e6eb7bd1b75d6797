from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.needs import SHARED_DATA, needs_shared_data, needs_torch

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from tests.vision.limbs import broken_limb, limb  # noqa: E402
from worker.vision.card import ReleaseCard  # noqa: E402
from worker.vision.detector import Detector  # noqa: E402
from worker.vision.errors import BadRelease, DeviceFailed, OutOfMemory  # noqa: E402
from worker.vision.networks.reader import Reader  # noqa: E402
from worker.vision.networks.registry import (  # noqa: E402
    READERS,
    UnknownArchitecture,
    build,
    build_reader,
    load_start,
)
from worker.vision.onnx_engine import OnnxEngine  # noqa: E402
from worker.vision.torch_engine import TorchEngine  # noqa: E402
from worker.vision.training.onnx_export import export_onnx  # noqa: E402

BACKBONES = {
    "efficientnet-lite0": "efficientnet_lite0",
    "efficientnet-lite2": "efficientnet_lite2",
    "mobilenet-v2": "mobilenet_v2",
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "resnet50-c4": "resnet50",
}


@cache
def built(name: str) -> Reader:
    """One network of each kind for all tests here: filling large ones with random weights takes seconds."""
    torch.manual_seed(0)
    return build_reader(name).eval()


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_architecture_answers_for_every_image(name: str) -> None:
    network = built(name)
    with torch.inference_mode():
        answers = network(torch.zeros(3, 1, 96, 96))
    cells = 12 if name.endswith("-fpn") else 6
    assert [tuple(output.shape) for output in answers] == [(3,), (3, cells, cells), (3,)]
    assert all(output.dtype == torch.float32 for output in answers)


@pytest.mark.parametrize("name", sorted(READERS))
def test_hotter_map_raises_the_probability(name: str) -> None:
    network = copy.deepcopy(built(name))
    picture = torch.zeros(1, 1, 64, 64)
    with torch.inference_mode():
        before = network(picture).logits
        assert network.map.bias is not None
        network.map.bias.add_(3)
        assert network(picture).logits > before + 1


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_architecture_answers_the_same_as_onnx(name: str, tmp_path: Path) -> None:
    network = built(name)
    export_onnx(network, tmp_path / "model.onnx")
    engine = OnnxEngine(tmp_path / "model.onnx")
    for rows, columns in ((64, 64), (96, 160)):
        images = np.random.default_rng(0).standard_normal((3, 1, rows, columns), dtype=np.float32)
        by_onnx = engine.run(images)
        with torch.inference_mode():
            by_torch = network(torch.from_numpy(images))
        assert np.isfinite(by_onnx.logits).all()
        assert by_onnx.maps.shape[1] * columns == by_onnx.maps.shape[2] * rows
        np.testing.assert_allclose(by_onnx.logits, by_torch.logits, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(by_onnx.maps, by_torch.maps, rtol=1e-4, atol=1e-4)


def emptied(module: torch.nn.Module) -> None:
    for value in module.parameters(recurse=False):
        torch.nn.init.zeros_(value)


@pytest.mark.parametrize("name", ["vgg16", "efficientnet-b0", "convnext-tiny", "mobilenet-v3"])
def test_weights_published_by_torchvision_fit(name: str, tmp_path: Path) -> None:
    network = built(name)
    published = dict(network.backbone.state_dict())
    stem = next(key for key, value in published.items() if value.ndim == 4)
    published[stem] = published[stem].repeat(1, 3, 1, 1)  # they read colour, and hold a classifier as well
    save_file({**published, "classifier.0.weight": torch.zeros(2)}, tmp_path / "published.safetensors")
    other = copy.deepcopy(network).apply(emptied)
    load_start(other, tmp_path / "published.safetensors")
    loaded = other.backbone.state_dict()
    assert torch.allclose(loaded[stem], network.backbone.state_dict()[stem] * 3)
    assert all(torch.equal(loaded[key], published[key]) for key in published if key != stem)


def test_unknown_architecture_is_named() -> None:
    with pytest.raises(UnknownArchitecture, match="net-of-dreams"):
        build("net-of-dreams")


@needs_shared_data
@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_published_backbone_fits(name: str) -> None:
    network = build_reader(name)
    load_start(network, SHARED_DATA / "weights" / f"{BACKBONES[name]}.safetensors")
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_backbone_of_another_network_is_refused(tmp_path: Path) -> None:
    save_file({"features.0.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="has no weights for"):
        load_start(build_reader("mobilenet-v2"), tmp_path / "other.safetensors")


def test_folder_of_weights_is_refused_with_what_to_name_instead(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is a folder: name a file of weights in it"):
        load_start(build_reader("plain-cnn"), tmp_path)


def test_training_can_go_on_from_a_whole_reader(tmp_path: Path) -> None:
    trained, fresh = build_reader("plain-cnn"), build_reader("plain-cnn")
    save_file(
        {name: value.half() for name, value in trained.state_dict().items()}, tmp_path / "reader.safetensors"
    )
    load_start(fresh, tmp_path / "reader.safetensors")
    loaded = fresh.state_dict()
    assert all(torch.allclose(loaded[name], value, atol=1e-2) for name, value in trained.state_dict().items())
    with pytest.raises(ValueError, match="another architecture"):
        load_start(build_reader("resnet18"), tmp_path / "reader.safetensors")


def test_colour_stem_is_summed_for_grey(tmp_path: Path) -> None:
    network = build_reader("plain-cnn")
    colour = dict(network.backbone.state_dict())
    name = "fine.0.0.weight"
    colour[name] = torch.arange(3.0)[None, :, None, None].expand(12, 3, 3, 3).contiguous()
    save_file(colour, tmp_path / "colour.safetensors")
    load_start(network, tmp_path / "colour.safetensors")
    assert (network.backbone.state_dict()[name] == 3).all()


def test_engines_agree_on_the_tiny_release(tiny_folder: Path) -> None:
    by_onnx, by_torch = (Detector.load(tiny_folder, engine=engine) for engine in ("onnx", "torch"))
    prepared = [by_onnx.prepare(picture, 0, 255) for picture in (limb(), broken_limb(), limb(200, 100))]
    for one, other in zip(by_onnx.read(prepared), by_torch.read(prepared), strict=True):
        assert one.probability == pytest.approx(other.probability, abs=1e-3)
        assert one.verdict == other.verdict
        assert np.abs(one.heatmap.astype(int) - other.heatmap).max() <= 1


@pytest.mark.parametrize(
    ("device", "failure", "told", "words"),
    [
        ("cpu", torch.OutOfMemoryError("CUDA out of memory"), OutOfMemory, "1 images do not fit"),
        ("meta", torch.AcceleratorError("CUDA error: out of memory"), OutOfMemory, "1 images do not fit"),
        ("meta", RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), OutOfMemory, "1 images do not fit"),
        ("meta", torch.AcceleratorError("CUDA error: device lost\nCompile with"), DeviceFailed, "lost$"),
        ("cpu", RuntimeError("shapes differ"), RuntimeError, "shapes differ"),
    ],
)
def test_full_or_failed_device_is_reported_as_such(
    device: str, failure: Exception, told: type[Exception], words: str, tiny_folder: Path
) -> None:
    """`meta` stands for a GPU: not the CPU, and it takes tensors."""
    engine = TorchEngine(tiny_folder, ReleaseCard.read(tiny_folder), "cpu")

    def fails(*_: object) -> None:
        raise failure

    engine.device, engine.network = device, fails  # type: ignore[assignment]
    with pytest.raises(told, match=words):
        engine.run(np.zeros((1, 1, 64, 64), np.float32))


def test_gpu_without_room_for_the_weights_is_full(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.nn.Module, "to", full)
    with pytest.raises(OutOfMemory, match="the weights do not fit on cuda:0"):
        TorchEngine(tiny_folder, ReleaseCard.read(tiny_folder), "cuda:0")


def test_machine_that_cannot_open_the_weights_does_not_blame_the_release(tiny_folder: Path) -> None:
    card = ReleaseCard.read(tiny_folder)
    (tiny_folder / "weights.safetensors").unlink()
    with pytest.raises(OSError, match=r"weights\.safetensors"):
        TorchEngine(tiny_folder, card, "cpu")


def test_weights_of_another_network_are_refused(tiny_folder: Path) -> None:
    save_file({"patch.weight": torch.zeros(2)}, tiny_folder / "weights.safetensors")
    with pytest.raises(BadRelease, match="architecture"):
        TorchEngine(tiny_folder, ReleaseCard.read(tiny_folder), "cpu")
