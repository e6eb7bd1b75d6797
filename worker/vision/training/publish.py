"""Make a release of a training run: tune it, write its files, describe it."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn

from worker.vision.card import PreprocessingCard, ReleaseCard
from worker.vision.interpretation import Rules
from worker.vision.networks.halves import halves, round_to_half
from worker.vision.networks.mirrored import Mirrored
from worker.vision.sealing import seal_release
from worker.vision.training.onnx_export import export_onnx
from worker.vision.training.scope import ScopeFit
from worker.vision.training.shared_weights import share_weights


def publish(
    network: nn.Module,
    architecture: str,
    preprocessing: PreprocessingCard,
    rules: Rules,
    folder: Path,
    facts: dict[str, Any],
    scope: ScopeFit | None = None,
    is_mirrored: bool = False,
) -> ReleaseCard:
    """Write a complete release of trained weights to `folder`.

    rules  its calibration, operating points and box rule
    facts  body_parts, training_data, backbone, training and metrics for the card
    scope  how its scope head was fitted; without one the release reads every picture
    is_mirrored  whether it reads each image mirrored too
    """
    folder.mkdir(parents=True, exist_ok=True)
    round_to_half(network)
    weights, model = folder / "weights.safetensors", folder / "model.onnx"
    save_file(halves(network), weights)
    export_onnx(Mirrored(network) if is_mirrored else network, model)
    share_weights(model, weights, prefix="network." if is_mirrored else "")
    card = ReleaseCard(
        name=folder.name,
        architecture=architecture,
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        preprocessing=preprocessing,
        classes=("fracture",),
        calibration=rules.calibration,
        operating_points=rules.operating_points,
        box_threshold=rules.boxes.threshold,
        box_trim=rules.boxes.trim,
        least_scope=None if scope is None else scope.least_scope,
        body_parts=tuple(facts["body_parts"]),
        training_data=facts["training_data"],
        backbone=facts["backbone"],
        training={**facts["training"], "scope": None if scope is None else asdict(scope)},
        metrics=facts["metrics"],
        is_mirrored=is_mirrored,
    )
    return seal_release(folder, card)
