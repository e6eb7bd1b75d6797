"""A complete release of a network that answers in a millisecond, for tests of everything around it.

Its probability rises with the mean brightness of the prepared image and its map with local brightness. It
says nothing about fractures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from worker.vision.card import Calibration, OperatingPoints, PreprocessingCard, ReleaseCard
from worker.vision.preprocess import VERSION
from worker.vision.sealing import seal_release

SIDE_PX = 64
PATCH_PX = 8
CHANNELS = 4
OPSET = 17
IR_VERSION = 8

Weights = dict[str, NDArray[np.float32]]


def write_tiny_release(folder: Path, name: str = "tiny", seed: int = 0) -> Path:
    """Write a valid release to `folder` (made when missing) and return it. Another seed is another network.

    Needs the `onnx` package, not torch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = tiny_weights(seed)
    save_file(weights, folder / "weights.safetensors")
    (folder / "model.onnx").write_bytes(_graph(weights))
    seal_release(folder, _card(name, seed))
    return folder


def tiny_weights(seed: int) -> Weights:
    """Channel 0 measures brightness; the others add a little of their own for each seed."""
    random = np.random.default_rng(seed)
    patch = random.normal(0, 0.02, (CHANNELS, 1, PATCH_PX, PATCH_PX)).astype(np.float32)
    patch[0] += 1 / PATCH_PX**2
    mixing = random.normal(0, 0.3, (3, CHANNELS)).astype(np.float32)
    mixing[:, 0] = (9.0, 10.0, 1.0)  # image, map, scope
    return {
        "patch.weight": patch,
        "patch.bias": np.zeros(CHANNELS, np.float32),
        "map.weight": mixing[1].reshape(1, CHANNELS, 1, 1).copy(),
        "map.bias": np.array([-5], np.float32),
        "image.weight": mixing[0:1].copy(),
        "image.bias": np.array([-2], np.float32),
        "scope.weight": mixing[2:3].copy(),
        "scope.bias": np.array([5], np.float32),
    }


def _card(name: str, seed: int) -> ReleaseCard:
    return ReleaseCard(
        name=name,
        architecture="tiny",
        created="2000-01-01",
        preprocessing=PreprocessingCard(VERSION, SIDE_PX, 1.0, 99.7, (0.0,), (1.0,)),
        classes=("fracture",),
        calibration=Calibration(1.0, 0.0),
        operating_points=OperatingPoints(0.35, 0.65),
        box_threshold=0.5,
        least_scope=None,
        body_parts=("hand", "leg", "hip", "shoulder"),
        training_data={"name": "none", "licence": "none", "attribution": "made up for tests"},
        backbone={},
        training={"seed": seed},
        metrics={},
    )


def _graph(weights: Weights) -> bytes:
    """The network as ONNX, image (N, 1, 64, 64) -> logits (N,), map (N, 8, 8), scope (N,)."""
    from onnx import TensorProto, checker, helper, numpy_helper

    kernel = [PATCH_PX, PATCH_PX]
    nodes = [
        helper.make_node("Conv", ["image", "patch.weight", "patch.bias"], ["raw"], strides=kernel),
        helper.make_node("Relu", ["raw"], ["patches"]),
        helper.make_node("Conv", ["patches", "map.weight", "map.bias"], ["map_1"]),
        helper.make_node("Squeeze", ["map_1", "axis_1"], ["map"]),
        helper.make_node("ReduceMean", ["patches"], ["pooled"], axes=[2, 3], keepdims=0),
    ]
    for head, output in (("image", "logits"), ("scope", "scope")):
        inputs = ["pooled", f"{head}.weight", f"{head}.bias"]
        nodes.append(helper.make_node("Gemm", inputs, [f"{output}_1"], transB=1))
        nodes.append(helper.make_node("Squeeze", [f"{output}_1", "axis_1"], [output]))
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    constants.append(numpy_helper.from_array(np.array([1], np.int64), "axis_1"))
    cells = SIDE_PX // PATCH_PX
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIDE_PX, SIDE_PX])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch"]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, ["batch", cells, cells]),
            helper.make_tensor_value_info("scope", TensorProto.FLOAT, ["batch"]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model)
    stored: bytes = model.SerializeToString(deterministic=True)
    return stored
