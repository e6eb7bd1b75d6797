"""What a cross-validation found, kept for the release that is made by its recipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from worker.vision.boxes import BoxRule
from worker.vision.card import Calibration, OperatingPoints
from worker.vision.interpretation import Rules
from worker.vision.networks.registry import TOGETHER
from worker.vision.one_step import write_in_one_step
from worker.vision.training.checkpoint import Options, differences

JUDGEMENT_FILE = "out_of_fold.json"
TAUGHT_BY = (
    "epochs", "batch_size", "learning_rate", "first_side", "box_supervision", "average_start", "peaked_boxes",
)  # fmt: skip

Part = TypeVar("Part")


@dataclass(frozen=True)
class Judged:
    """What was judged, as far as a release must be like it to take the judgement over.

    lessons  how and by which list each network was taught last; None in judgements of older versions
    """

    architecture: str
    side: int
    finds_limb: bool
    follows_limb: bool
    lessons: list[dict[str, Any]] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, members: Sequence[Options]) -> Judged:
        """The networks of these runs, together."""
        first = members[0]
        names = TOGETHER.join(options.arch for options in members)
        told = (*TAUGHT_BY, "list_sha256")
        lessons = [{name: getattr(options, name) for name in told} for options in members]
        return cls(names, first.side, first.finds_limb, first.follows_limb, lessons)

    def unlike(self, made: Judged) -> list[str]:
        """In what a release's networks are unlike those that were judged, in words.

        What their last trainings went on from is not compared: several in a row need not be alike.
        """
        said = differences(self, made)
        for there, here in zip(self.lessons or (), made.lessons or (), strict=False):
            said += [
                f"{name.replace('_', ' ')}: {there[name]} there, {here[name]} asked for"
                for name in TAUGHT_BY
                if there[name] != here[name]
            ]
            lists = {there["list_sha256"], here["list_sha256"]}
            if None not in lists and len(lists) > 1:
                said.append("another list of images, labels, boxes, groups or folds")
        return said


@dataclass(frozen=True)
class Judgement:
    """The rules that all folds together give, and how well the recipe reads what it never saw."""

    judged: Judged
    rules: Rules
    is_mirrored: bool  # whether each image was read mirrored too
    tuned_on: dict[str, Any]  # for the card: how many images, how many fractured
    metrics: dict[str, Any]  # for the card
    known_folds: list[int] | None = None  # of the list; older judgements do not say so

    def folds_left_out(self, seen: set[int]) -> list[int]:
        """Those that a release's networks did not see, as far as the judgement tells."""
        known = self.metrics["folds"] if self.known_folds is None else self.known_folds
        return sorted(set(known) - seen)

    def write(self, folder: Path) -> None:
        write_in_one_step(folder / JUDGEMENT_FILE, json.dumps(asdict(self), indent=2) + "\n")


def refuse_other_folds(folder: Path, numbers: Sequence[int]) -> None:
    """Raises ValueError when `folder` holds a judgement of other folds, which a new one would replace."""
    path = folder / JUDGEMENT_FILE
    if not path.exists():
        return
    there = _stored(path, lambda stored: stored["metrics"]["folds"])
    if there != list(numbers):
        raise ValueError(
            f"{folder} holds the judgement of folds {', '.join(map(str, there))}: give another --out, or the"
            " same --folds"
        )


def read_judgement(folder: Path) -> Judgement:
    """What the cross-validation in `folder` found.

    raises  ValueError when it is not finished, or was judged by an older version
    """
    path = folder / JUDGEMENT_FILE
    if not path.exists():
        raise ValueError(f"{folder} holds no finished cross-validation")
    judgement = _stored(path, _from_json)
    if judgement is None:
        raise ValueError(
            f"{path} is of an older version: run ./run cross-validate there again, it judges anew"
        )
    return judgement


def _from_json(stored: dict[str, Any]) -> Judgement | None:
    """None for one of an older version, which tells too little for a release."""
    rules = stored["rules"]
    if "boxes" not in rules or "judged" not in stored:
        return None
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
        known_folds=stored.get("known_folds"),
    )


def _stored(path: Path, part: Callable[[dict[str, Any]], Part]) -> Part:
    """A part of what the file holds. Raises ValueError, which names the file, when it is damaged."""
    try:
        return part(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise ValueError(
            f"{path} is damaged: remove it, and run ./run cross-validate there again, which judges anew"
        ) from failure
