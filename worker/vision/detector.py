"""Reads radiographs with one release, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from worker.vision.card import ReleaseCard, verify_files
from worker.vision.engine import Engine
from worker.vision.errors import BadRelease, BrokenOutput, VisionError
from worker.vision.golden import check_golden
from worker.vision.interpretation import Rules, reading_of
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.passes import answers_to
from worker.vision.preprocess import READABLE, VERSION, Pixels, Prepared, prepare
from worker.vision.reading import Box, Reading

__all__ = ["Box", "Detector", "Reading"]


class Detector:
    """One release on one device, checked and ready."""

    def __init__(self, card: ReleaseCard, engine: Engine) -> None:
        self.card = card
        self.device = engine.device
        self._engine = engine
        self._rules = Rules.of(card)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu", engine: str = "auto", threads: int = 1) -> Detector:
        """Load a release after verifying all its checksums, then run its self-test.

        device   "cpu" or a torch device such as "cuda:0"
        engine   "onnx", "torch", or "auto" for ONNX Runtime on a CPU and torch elsewhere
        raises   BadRelease when anything about the release is not as it was made
        """
        card = ReleaseCard.read(folder)
        verify_files(folder, card)
        if card.preprocessing.version not in READABLE:
            raise BadRelease(f"it needs preprocessing {card.preprocessing.version}, here is {VERSION}")
        detector = cls(card, _engine(folder, card, device, engine, threads))
        check_golden(folder, card, detector._engine)
        return detector

    def prepare(self, pixels: Pixels, low: float, high: float) -> Prepared:
        """One working image, ready for `read`. Runs on the CPU; safe to call from several threads."""
        return prepare(pixels, low, high, self.card.preprocessing)

    def read(self, images: Sequence[Prepared]) -> list[Reading]:
        """A forward pass over the images of each shape; the readings in their order.

        raises  OutOfMemory when the device has no room for so many, DeviceFailed when a GPU reports an error,
                BrokenOutput instead of a score that is not a number
        """
        answers = answers_to(self._engine, [image.tensor for image in images])
        if not all(np.isfinite(part).all() for answer in answers for part in answer):
            raise BrokenOutput("the network's answer is not a number")
        return [
            reading_of(self._rules, image.placement, *answer)
            for image, answer in zip(images, answers, strict=True)
        ]


def _engine(folder: Path, card: ReleaseCard, device: str, engine: str, threads: int) -> Engine:
    if engine == "onnx" or (engine == "auto" and device == "cpu"):
        if device != "cpu":
            raise ValueError(f"the onnx engine reads on the cpu, not on {device}")
        return OnnxEngine(folder / "model.onnx", threads)
    try:
        from worker.vision.torch_engine import TorchEngine  # a worker that reads on a CPU has no torch
    except ImportError as failure:
        raise VisionError(f"{device} needs torch, which is not installed: ./run install torch") from failure
    return TorchEngine(folder, card, device)
