"""Write a network as ONNX."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from worker.vision.canvas import STEP_PX

OPSET = 17


def export_onnx(network: nn.Module, path: Path) -> None:
    """image (batch, 1, rows, columns) -> logits (batch,), map (batch, map_rows, map_columns), scope (batch,).

    The sides may be any multiples of the network's coarsest stride.

    Weights that fit float16 to the bit, as a release's do, are stored so; the engine computes in float32.
    """
    with warnings.catch_warnings():
        # The older exporter is deprecated; the newer one needs onnxscript and gives the same graph here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 1, 3 * STEP_PX, 2 * STEP_PX),),
            path,
            input_names=["image"],
            output_names=["logits", "map", "scope"],
            dynamic_axes={
                "image": {0: "batch", 2: "rows", 3: "columns"},
                "map": {0: "batch", 1: "map_rows", 2: "map_columns"},
                "logits": {0: "batch"},
                "scope": {0: "batch"},
            },
            opset_version=OPSET,
            # A norm stays beside its convolution, which would fit float16 no more; the engine joins them.
            training=torch.onnx.TrainingMode.PRESERVE,
            dynamo=False,
        )
    _store_halves(path)


def _store_halves(path: Path) -> None:
    model = onnx.load(path)
    widened = []
    for stored in model.graph.initializer:
        values = numpy_helper.to_array(stored)
        if values.dtype == np.float32 and values.ndim > 1 and _fits_half(values):
            name, narrow = stored.name, f"{stored.name}.half"
            stored.CopyFrom(numpy_helper.from_array(values.astype(np.float16), narrow))
            widened.append(helper.make_node("Cast", [narrow], [name], to=TensorProto.FLOAT))
    nodes = [*widened, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _fits_half(values: np.ndarray) -> bool:
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16).astype(np.float32) == values).all())
