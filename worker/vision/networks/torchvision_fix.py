"""Import torchvision beside a CPU-only build of torch.

The torchvision wheel links CUDA. Beside a CPU build its compiled operators do not load and the import fails
with `operator torchvision::nms does not exist`. Declaring the two operators that the Python side registers
against is enough for all classifiers; beside a CUDA build nothing is changed.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # torch forgets them when the library is collected


def import_torchvision_models() -> ModuleType:
    """`torchvision.models`, with whichever build of torch is installed."""
    try:
        return importlib.import_module("torchvision.models")
    except RuntimeError as failure:
        if "torchvision::nms" not in str(failure):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    if not _declared:
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for schema in _SCHEMAS:
            library.define(schema)  # type: ignore[no-untyped-call]
        _declared.append(library)
    return importlib.import_module("torchvision.models")
