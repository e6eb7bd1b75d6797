"""PyTorch, for an NVIDIA GPU (or a CPU on request)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from worker.vision.card import ReleaseCard
from worker.vision.engine import Outputs
from worker.vision.errors import BadRelease, DeviceFailed, OutOfMemory
from worker.vision.gradcam import gradcam_heatmap
from worker.vision.networks.mirrored import Mirrored
from worker.vision.networks.registry import UnknownArchitecture, build
from worker.vision.preprocess import Prepared

NO_ROOM = ("out of memory", "ALLOC_FAILED")
"""What torch's allocator, the CUDA runtime, cuBLAS and cuDNN say of a full GPU."""


class TorchEngine:
    """Runs weights.safetensors in float32, with the same answers as ONNX Runtime within 1e-3."""

    def __init__(self, folder: Path, card: ReleaseCard, device: str) -> None:
        """Load the weights and move them to the device.

        raises  BadRelease when the weights are not those of the card's architecture; OutOfMemory and
                DeviceFailed as `run` does
        """
        self.device = device
        torch.backends.cudnn.allow_tf32 = False  # ten-bit mantissas would part the answers of GPU and CPU
        torch.backends.cuda.matmul.allow_tf32 = False
        try:
            network = build(card.architecture)
            stored = load_file(folder / "weights.safetensors")
            network.load_state_dict({name: tensor.float() for name, tensor in stored.items()})
        except (UnknownArchitecture, SafetensorError, RuntimeError) as failure:
            raise BadRelease("weights.safetensors does not fit the card's architecture") from failure
        with self._device_errors("the weights"):
            self._reader = network.eval().to(device)
        self.network = Mirrored(network).eval() if card.is_mirrored else network

    @torch.inference_mode()
    def run(self, batch: NDArray[np.float32]) -> Outputs:
        with self._device_errors(f"{len(batch)} images"):
            image = torch.from_numpy(batch).to(self.device)
            logits, maps, scope = (output.cpu().numpy() for output in self.network(image))
        return Outputs(logits, maps, scope)

    def explain(self, image: Prepared) -> NDArray[np.uint8]:
        """The image's Grad-CAM, shaped as the heatmap of its reading."""
        return gradcam_heatmap(self._reader, image, self.device)

    @contextmanager
    def _device_errors(self, load: str) -> Iterator[None]:
        """Tell a full device and a failing GPU from other errors."""
        try:
            yield
        except (AssertionError, RuntimeError) as failure:  # the former where torch was built without CUDA
            if any(sign in str(failure) for sign in NO_ROOM):
                torch.cuda.empty_cache()
                raise OutOfMemory(f"{load} do not fit on {self.device}") from failure
            if self.device == "cpu":
                raise
            first_line = str(failure).partition("\n")[0]
            raise DeviceFailed(f"{self.device}: {first_line}") from failure
