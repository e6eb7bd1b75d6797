"""Write a network as ONNX."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

OPSET = 17


def export_onnx(network: nn.Module, side_px: int, path: Path) -> None:
    """image (batch, 1, S, S) -> logits (batch,), map (batch, rows, columns), scope (batch,)."""
    with warnings.catch_warnings():
        # The older exporter is deprecated; the newer one needs onnxscript and gives the same graph here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 1, side_px, side_px),),
            path,
            input_names=["image"],
            output_names=["logits", "map", "scope"],
            dynamic_axes={name: {0: "batch"} for name in ("image", "logits", "map", "scope")},
            opset_version=OPSET,
            dynamo=False,
        )
