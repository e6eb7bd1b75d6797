"""A trained network's raw answers for labelled images, and the file where a cross-validation keeps them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.vision.card import PreprocessingCard
from worker.vision.engine import Outputs
from worker.vision.manifest import Row
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.training.batches import plain_batches
from worker.vision.training.onnx_export import export_onnx
from worker.vision.training.samples import Sample

BATCH = 16
ANSWERS_FILE = "answers.npz"


def answers(network: nn.Module, samples: Sequence[Sample], card: PreprocessingCard) -> Outputs:
    """The network's raw answers for samples as they are, in order, by the engine that serves on a CPU."""
    with tempfile.TemporaryDirectory(prefix="greenstick-answers-") as folder:
        model = Path(folder, "model.onnx")
        export_onnx(network, card.side_px, model)
        engine = OnnxEngine(model, threads=torch.get_num_threads())
        return joined([engine.run(images.numpy()) for images in plain_batches(samples, card, BATCH)])


def write_answers(folder: Path, rows: Sequence[Row], outputs: Outputs, is_mirrored: bool) -> None:
    """Keep the answers with the names of their images and how they were read, in one step."""
    fresh = folder / ("new-" + ANSWERS_FILE)
    names = np.array([row.name for row in rows])
    np.savez_compressed(
        fresh,
        names=names,
        is_mirrored=np.array(is_mirrored),
        logits=outputs.logits,
        maps=outputs.maps,
        scope=outputs.scope,
    )
    fresh.replace(folder / ANSWERS_FILE)


def read_answers(folder: Path, rows: Sequence[Row], is_mirrored: bool) -> Outputs | None:
    """The kept answers for exactly these rows, read in this way; None when there are none.

    raises  ValueError when they were given for other images, or read otherwise
    """
    path = folder / ANSWERS_FILE
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        if stored["names"].tolist() != [row.name for row in rows]:
            raise ValueError(f"{path} was made for other images: give another --out, or remove it")
        if bool(stored["is_mirrored"]) != is_mirrored:
            raise ValueError(
                f"{path} was read {'once' if is_mirrored else 'mirrored too'}: remove it to read anew"
            )
        return Outputs(stored["logits"], stored["maps"], stored["scope"])


def joined(parts: Sequence[Outputs]) -> Outputs:
    """The answers for several lists of images as those for one."""
    return Outputs(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.maps for part in parts]),
        np.concatenate([part.scope for part in parts]),
    )


def heat(outputs: Outputs, chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The map probabilities (n, rows, columns) of the chosen images."""
    return np.asarray(1 / (1 + np.exp(-np.clip(outputs.maps[chosen], -60, 60))), np.float32)
