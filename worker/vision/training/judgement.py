"""What a cross-validation found, kept for the release that is made by its recipe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from worker.vision.boxes import BoxRule
from worker.vision.card import Calibration, OperatingPoints
from worker.vision.interpretation import Rules
from worker.vision.networks.registry import TOGETHER
from worker.vision.training.checkpoint import Options

JUDGEMENT_FILE = "out_of_fold.json"


@dataclass(frozen=True)
class Judged:
    """What was judged, as far as a release must be like it to take the judgement over."""

    architecture: str
    side: int
    finds_limb: bool
    follows_limb: bool

    @classmethod
    def of(cls, members: Sequence[Options]) -> Judged:
        """The networks of these runs, together."""
        first = members[0]
        names = TOGETHER.join(options.arch for options in members)
        return cls(names, first.side, first.finds_limb, first.follows_limb)


@dataclass(frozen=True)
class Judgement:
    """The rules that all folds together give, and how well the recipe reads what it never saw."""

    judged: Judged
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
    if "boxes" not in rules or "judged" not in stored:
        raise ValueError(
            f"{path} is of an older version: run ./run cross-validate there again, it judges anew"
        )
    return Judgement(
        judged=Judged(**stored["judged"]),
        rules=Rules(
            calibration=Calibration(**rules["calibration"]),
            operating_points=OperatingPoints(**rules["operating_points"]),
            boxes=BoxRule(**rules["boxes"]),
        ),
        is_mirrored=stored["is_mirrored"],
        tuned_on=stored["tuned_on"],
        metrics=stored["metrics"],
    )
