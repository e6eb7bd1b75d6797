"""Make a release of a training run: tune it, write its files, describe it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from worker.vision.card import PreprocessingCard, ReleaseCard
from worker.vision.engine import Outputs
from worker.vision.networks.reader import Reader
from worker.vision.sealing import seal_release
from worker.vision.training.batches import plain_batches
from worker.vision.training.box_threshold import choose_box_threshold
from worker.vision.training.checkpoint import Options
from worker.vision.training.onnx_export import export_onnx
from worker.vision.training.samples import Sample
from worker.vision.training.scope import ScopeFit
from worker.vision.training.tuning import choose_operating_points, fit_calibration
from worker.vision.verdicts import calibrated

BATCH = 16


def publish(
    network: Reader,
    options: Options,
    preprocessing: PreprocessingCard,
    tune: Sequence[Sample],
    folder: Path,
    facts: dict[str, Any],
    scope: ScopeFit | None = None,
) -> ReleaseCard:
    """Write a complete release of trained weights to `folder`, calibrated on the samples of the tuning fold.

    facts  body_parts, training_data, backbone and training for the card
    scope  how its scope head was fitted; without one the release reads every picture
    """
    folder.mkdir(parents=True, exist_ok=True)
    _round_to_half(network)
    save_file(_half(network), folder / "weights.safetensors")
    export_onnx(network, preprocessing.side_px, folder / "model.onnx")
    card = ReleaseCard(
        name=folder.name,
        architecture=options.arch,
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        preprocessing=preprocessing,
        classes=("fracture",),
        **_tuned(network, tune, preprocessing),
        least_scope=None if scope is None else scope.least_scope,
        body_parts=tuple(facts["body_parts"]),
        training_data=facts["training_data"],
        backbone=facts["backbone"],
        training={
            **facts["training"],
            "tune_images": len(tune),
            "tune_fractured": sum(sample.is_fractured for sample in tune),
            "scope": None if scope is None else asdict(scope),
        },
        metrics={"fold": options.fold_test},
    )
    return seal_release(folder, card)


def _tuned(network: Reader, tune: Sequence[Sample], preprocessing: PreprocessingCard) -> dict[str, Any]:
    """Calibration, operating points and box threshold, by the tuning fold."""
    outputs = answers(network, tune, preprocessing)
    labels = np.array([sample.is_fractured for sample in tune])
    logits = outputs.logits.astype(np.float64)
    calibration = fit_calibration(labels, logits)
    probabilities = np.array([calibrated(logit, calibration) for logit in logits.tolist()])
    heat = 1 / (1 + np.exp(-outputs.maps[labels]))
    boxes = [sample.boxes for sample in tune if sample.is_fractured]
    return {
        "calibration": calibration,
        "operating_points": choose_operating_points(labels, probabilities),
        "box_threshold": choose_box_threshold(heat, boxes, preprocessing.side_px),
    }


@torch.inference_mode()
def answers(network: nn.Module, samples: Sequence[Sample], card: PreprocessingCard) -> Outputs:
    """The network's raw answers for samples as they are, in order."""
    network.eval()
    parts = [network(images) for images in plain_batches(samples, card, BATCH)]
    logits, maps, scope = (torch.cat(outputs).numpy() for outputs in zip(*parts, strict=True))
    return Outputs(logits, maps, scope)


def _round_to_half(network: nn.Module) -> None:
    """Make the network what its stored weights say, so that both engines start from the same numbers."""
    network.load_state_dict({name: tensor.float() for name, tensor in _half(network).items()})


def _half(network: nn.Module) -> dict[str, torch.Tensor]:
    """Convolutions and linear layers in float16, batch-norm statistics (whose range is wide) as they are."""
    return {
        name: tensor.half().contiguous() if tensor.ndim > 1 else tensor.contiguous()
        for name, tensor in network.state_dict().items()
    }
