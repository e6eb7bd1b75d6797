"""Finish a release folder: self-test, checksums, card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from worker.vision.card import RELEASE_FILES, ReleaseCard, file_sha256
from worker.vision.golden import write_golden
from worker.vision.onnx_engine import OnnxEngine


def seal_release(folder: Path, card: ReleaseCard) -> ReleaseCard:
    """Write golden.npz and card.json beside the weights and the ONNX model; the card, with its checksums."""
    write_golden(folder, card, OnnxEngine(folder / "model.onnx"))
    sealed = replace(card, checksums={name: file_sha256(folder / name) for name in RELEASE_FILES})
    sealed.write(folder)
    return sealed
