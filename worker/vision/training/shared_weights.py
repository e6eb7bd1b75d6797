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
    whole, stored = onnx.load(model), weights.read_bytes()
    places = _places_in(stored)
    for tensor in whole.graph.initializer:
        place = places.get(tensor.name.removeprefix(prefix).removesuffix(".half"))
        if place is not None and stored[place] == numpy_helper.to_array(tensor).tobytes():
            set_external_data(tensor, weights.name, place.start, place.stop - place.start)
            tensor.ClearField("raw_data")
    model.write_bytes(whole.SerializeToString())
    onnx.checker.check_model(model)


def _places_in(stored: bytes) -> dict[str, slice]:
    """Where the bytes of each tensor lie in a safetensors file's."""
    start = LENGTH_BYTES + int.from_bytes(stored[:LENGTH_BYTES], "little")
    header: dict[str, Any] = json.loads(stored[LENGTH_BYTES:start])
    ranges = {name: told["data_offsets"] for name, told in header.items() if name != "__metadata__"}
    return {name: slice(start + first, start + end) for name, (first, end) in ranges.items()}
