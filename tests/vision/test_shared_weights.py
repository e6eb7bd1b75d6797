"""A release keeps its weights once: the ONNX file takes them from the safetensors file beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.needs import needs_torch
from worker.vision.errors import BadRelease
from worker.vision.onnx_engine import OnnxEngine

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from worker.vision.networks.halves import halves, round_to_half  # noqa: E402
from worker.vision.networks.mirrored import Mirrored  # noqa: E402
from worker.vision.networks.registry import build  # noqa: E402
from worker.vision.training.onnx_export import export_onnx  # noqa: E402
from worker.vision.training.shared_weights import share_weights  # noqa: E402

WIDE = 70000.0  # beyond float16


@pytest.fixture(params=["", "network."], ids=["as it is", "mirrored too"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def whole(tmp_path: Path, prefix: str) -> Path:
    """An ONNX file with weights of its own, beside the same weights."""
    torch.manual_seed(0)
    network = build("efficientnet-lite0-fpn")
    norm = next(module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d))
    torch.nn.init.constant_(norm.get_buffer("running_var"), WIDE)
    round_to_half(network)
    save_file(halves(network), tmp_path / "weights.safetensors")
    export_onnx(Mirrored(network) if prefix else network, tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def logits(model: Path) -> list[float]:
    image = np.random.default_rng(0).standard_normal((2, 1, 64, 96), dtype=np.float32)
    return OnnxEngine(model).run(image).logits.tolist()


def test_shared_weights_answer_to_the_bit_what_own_ones_did(whole: Path, prefix: str) -> None:
    own, size = logits(whole), whole.stat().st_size
    share_weights(whole, whole.parent / "weights.safetensors", prefix)
    assert logits(whole) == own
    assert whole.stat().st_size < size / 10


def test_tensor_that_differs_keeps_its_own_copy(whole: Path, prefix: str) -> None:
    own, other = logits(whole), build("efficientnet-lite0-fpn")
    save_file(halves(other), whole.parent / "other.safetensors")
    share_weights(whole, whole.parent / "other.safetensors", prefix)
    assert logits(whole) == own


def test_file_without_the_weights_beside_it_is_a_bad_release(whole: Path, prefix: str) -> None:
    weights = whole.parent / "weights.safetensors"
    share_weights(whole, weights, prefix)
    weights.unlink()
    with pytest.raises(BadRelease, match="cannot load"):
        OnnxEngine(whole)
