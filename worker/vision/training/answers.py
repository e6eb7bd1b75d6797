"""A trained network's raw answers for labelled images, and the file where a cross-validation keeps them."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.vision.card import PreprocessingCard
from worker.vision.evaluation.metrics import Scores
from worker.vision.manifest import Row
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.passes import Answer, answers_in
from worker.vision.training.batches import plain_batches
from worker.vision.training.onnx_export import export_onnx
from worker.vision.training.samples import Sample

BATCH = 16
ANSWERS_FILE = "answers.npz"


def answers(network: nn.Module, samples: Sequence[Sample], card: PreprocessingCard) -> list[Answer]:
    """The network's raw answers for samples as they are, in order, by the engine that serves on a CPU."""
    with tempfile.TemporaryDirectory(prefix="greenstick-answers-") as folder:
        model = Path(folder, "model.onnx")
        export_onnx(network, model)
        engine = OnnxEngine(model, threads=torch.get_num_threads())
        said: dict[int, Answer] = {}
        for numbers, images in plain_batches(samples, card, BATCH):
            said.update(zip(numbers, answers_in(engine.run(images.numpy())), strict=True))
        return [said[number] for number in range(len(samples))]


def write_answers(folder: Path, rows: Sequence[Row], said: Sequence[Answer], is_mirrored: bool) -> None:
    """Keep the answers with the names of their images and how they were read, in one step."""
    fresh = folder / ("new-" + ANSWERS_FILE)
    np.savez_compressed(
        fresh,
        names=np.array([row.name for row in rows]),
        is_mirrored=np.array(is_mirrored),
        logits=logits_of(said),
        scope=np.array([answer.scope for answer in said]),
        cells=np.concatenate([answer.cells.ravel() for answer in said]),
        shapes=np.array([answer.cells.shape for answer in said]),
    )
    fresh.replace(folder / ANSWERS_FILE)


def read_answers(folder: Path, rows: Sequence[Row], is_mirrored: bool) -> list[Answer] | None:
    """The kept answers for exactly these rows, read in this way; None when there are none.

    raises  ValueError when they were given for other images, read otherwise, or damaged since
    """
    path = folder / ANSWERS_FILE
    if not path.exists():
        return None
    stored = _arrays_in(path)
    if "shapes" not in stored:
        return None  # kept by a version whose maps were all square: they are read anew
    if stored["names"].tolist() != [row.name for row in rows]:
        raise ValueError(f"{path} was made for other images: give another --out, or remove it")
    if bool(stored["is_mirrored"]) != is_mirrored:
        raise ValueError(
            f"{path} was read {'once' if is_mirrored else 'mirrored too'}: remove it to read anew"
        )
    shapes = stored["shapes"]
    cells = np.split(stored["cells"], np.cumsum(shapes.prod(axis=1))[:-1])
    maps = [flat.reshape(shape) for flat, shape in zip(cells, shapes, strict=True)]
    each = zip(stored["logits"].tolist(), maps, stored["scope"].tolist(), strict=True)
    return [Answer(*parts) for parts in each]


def _arrays_in(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return dict(stored)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as failure:
        raise ValueError(f"{path} is damaged: remove it to read the images anew") from failure


def logits_of(said: Sequence[Answer]) -> Scores:
    return np.array([answer.logit for answer in said])
