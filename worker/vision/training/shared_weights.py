"""One copy of a release's weights for both engines: its ONNX file takes them from the safetensors file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
from onnx import numpy_helper
from onnx.external_data_helper import set_external_data

LENGTH_BYTES = 8  # of the header that a safetensors file begins with, little-endian


def share_weights(model: Path, weights: Path, prefix: str = "") -> None:
    """Let an ONNX file refer to what the weights beside it hold to the bit, and drop its own copy.

    prefix  of the network's names in the ONNX file
    """
    graph = onnx.load(model)
    places = _places_in(weights)
    stored = weights.read_bytes()
    for tensor in graph.graph.initializer:
        place = places.get(tensor.name.removeprefix(prefix).removesuffix(".half"))
        if place is not None and stored[place] == numpy_helper.to_array(tensor).tobytes():
            set_external_data(tensor, weights.name, place.start, place.stop - place.start)
            tensor.ClearField("raw_data")
    model.write_bytes(graph.SerializeToString())
    onnx.checker.check_model(model)


def _places_in(weights: Path) -> dict[str, slice]:
    """Where the bytes of each tensor lie in a safetensors file."""
    with weights.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        header: dict[str, Any] = json.loads(stream.read(length))
    start = LENGTH_BYTES + length
    ranges = {name: told["data_offsets"] for name, told in header.items() if name != "__metadata__"}
    return {name: slice(start + first, start + end) for name, (first, end) in ranges.items()}
