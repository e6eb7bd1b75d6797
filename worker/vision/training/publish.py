"""Make a release of a training run: tune it, write its files, describe it."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from worker.vision.card import PreprocessingCard, ReleaseCard
from worker.vision.interpretation import Rules
from worker.vision.networks.mirrored import Mirrored
from worker.vision.networks.reader import Reader
from worker.vision.sealing import seal_release
from worker.vision.training.checkpoint import Options
from worker.vision.training.onnx_export import export_onnx
from worker.vision.training.scope import ScopeFit


def publish(
    network: Reader,
    options: Options,
    preprocessing: PreprocessingCard,
    rules: Rules,
    folder: Path,
    facts: dict[str, Any],
    scope: ScopeFit | None = None,
    is_mirrored: bool = False,
) -> ReleaseCard:
    """Write a complete release of trained weights to `folder`.

    rules  its calibration, operating points and box threshold
    facts  body_parts, training_data, backbone, training and metrics for the card
    scope  how its scope head was fitted; without one the release reads every picture
    is_mirrored  whether it reads each image mirrored too
    """
    folder.mkdir(parents=True, exist_ok=True)
    round_to_half(network)
    save_file(_half(network), folder / "weights.safetensors")
    answering = Mirrored(network) if is_mirrored else network
    export_onnx(answering, preprocessing.side_px, folder / "model.onnx")
    card = ReleaseCard(
        name=folder.name,
        architecture=options.arch,
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        preprocessing=preprocessing,
        classes=("fracture",),
        calibration=rules.calibration,
        operating_points=rules.operating_points,
        box_threshold=rules.box_threshold,
        least_scope=None if scope is None else scope.least_scope,
        body_parts=tuple(facts["body_parts"]),
        training_data=facts["training_data"],
        backbone=facts["backbone"],
        training={**facts["training"], "scope": None if scope is None else asdict(scope)},
        metrics=facts["metrics"],
        is_mirrored=is_mirrored,
    )
    return seal_release(folder, card)


def round_to_half(network: nn.Module) -> None:
    """Make the network what its stored weights say, so that both engines start from the same numbers."""
    network.load_state_dict({name: tensor.float() for name, tensor in _half(network).items()})


def _half(network: nn.Module) -> dict[str, torch.Tensor]:
    """Convolutions and linear layers in float16, batch-norm statistics (whose range is wide) as they are."""
    return {
        name: tensor.half().contiguous() if tensor.ndim > 1 else tensor.contiguous()
        for name, tensor in network.state_dict().items()
    }
