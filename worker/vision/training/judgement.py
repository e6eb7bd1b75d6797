"""What a cross-validation found, kept for the release that is made by its recipe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from worker.vision.boxes import BoxRule
from worker.vision.card import Calibration, OperatingPoints
from worker.vision.interpretation import Rules

JUDGEMENT_FILE = "out_of_fold.json"


@dataclass(frozen=True)
class Judgement:
    """The rules that all folds together give, and how well the recipe reads what it never saw."""

    rules: Rules
    is_mirrored: bool  # whether each image was read mirrored too
    tuned_on: dict[str, Any]  # for the card: how many images, how many fractured
    metrics: dict[str, Any]  # for the card

    def write(self, folder: Path) -> None:
        (folder / JUDGEMENT_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")


def read_judgement(folder: Path) -> Judgement:
    """What the cross-validation in `folder` found.

    raises  ValueError when it is not finished, or was judged by an older version
    """
    path = folder / JUDGEMENT_FILE
    if not path.exists():
        raise ValueError(f"{folder} holds no finished cross-validation")
    stored = json.loads(path.read_text("utf-8"))
    rules = stored["rules"]
    if "boxes" not in rules:
        raise ValueError(
            f"{path} is of an older version: run ./run cross-validate there again, it judges anew"
        )
    return Judgement(
        rules=Rules(
            calibration=Calibration(**rules["calibration"]),
            operating_points=OperatingPoints(**rules["operating_points"]),
            boxes=BoxRule(**rules["boxes"]),
        ),
        is_mirrored=stored["is_mirrored"],
        tuned_on=stored["tuned_on"],
        metrics=stored["metrics"],
    )
