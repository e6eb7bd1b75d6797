"""The card of a release: what the network is, how its input is prepared, how its answers are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.vision.canvas import Canvas, canvases
from worker.vision.errors import BadRelease
from worker.vision.one_step import write_in_one_step

CARD_FILE = "card.json"
TRIM_BEFORE = 0.87  # of releases up to greenstick-5, whose cards do not state it
RELEASE_FILES = ("weights.safetensors", "model.onnx", "golden.npz")


@dataclass(frozen=True)
class PreprocessingCard:
    """How a radiograph becomes a tensor (see `preprocess.prepare`)."""

    version: int
    side_px: int
    black_percentile: float  # of the shown part's grey values
    white_percentile: float
    mean: tuple[float, ...]  # one per channel, on 0..1
    deviation: tuple[float, ...]
    finds_limb: bool = True  # cut to the limb first; without it the whole image is shown
    follows_limb: bool = False  # on a canvas as long as the limb, of no more pixels than the square

    @property
    def canvases(self) -> tuple[Canvas, ...]:
        """Those that an image may be shown on, the square first."""
        return canvases(self.side_px, self.follows_limb)


@dataclass(frozen=True)
class Calibration:
    """Platt scaling: probability = sigmoid(slope * logit + intercept)."""

    slope: float
    intercept: float


@dataclass(frozen=True)
class OperatingPoints:
    """Below `rule_out` the verdict is no fracture, from `rule_in` on it is fracture, between them doubt."""

    rule_out: float
    rule_in: float


@dataclass(frozen=True)
class ReleaseCard:
    """Everything about a release but its weights. Facts for people are plain JSON values."""

    name: str
    architecture: str
    created: str  # ISO 8601 date
    preprocessing: PreprocessingCard
    classes: tuple[str, ...]
    calibration: Calibration
    operating_points: OperatingPoints
    box_threshold: float  # how hot a place must be to be marked, as the map's probability
    least_scope: float | None  # below it an image is out of scope; None when the release cannot tell
    body_parts: tuple[str, ...]
    training_data: Mapping[str, Any]
    backbone: Mapping[str, Any]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    checksums: Mapping[str, str] = field(default_factory=dict)  # file name -> SHA-256
    box_trim: float = TRIM_BEFORE  # a box holds what is this share as hot as its hottest place
    is_mirrored: bool = False  # reads each image as it is and mirrored, and answers with the mean

    @classmethod
    def read(cls, folder: Path) -> ReleaseCard:
        """The card of the release in `folder`. Raises BadRelease when it is missing or was changed."""
        try:
            stored = json.loads((folder / CARD_FILE).read_text("utf-8"))
        except OSError as failure:
            raise BadRelease("the release has no readable card.json") from failure
        except ValueError as failure:
            raise BadRelease("card.json is not JSON") from failure
        if not isinstance(stored, dict) or stored.pop("seal", None) != _seal(stored):
            raise BadRelease("card.json was changed after the release was made: its seal does not fit")
        try:
            card = _from_json(stored)
        except (KeyError, TypeError, ValueError) as failure:
            raise BadRelease(f"card.json is incomplete or malformed: {failure!r}") from failure
        _check_operating_points(card.operating_points)
        return card

    def write(self, folder: Path) -> None:
        """Write card.json with its seal, in one step: a release has no other copy of it."""
        _check_operating_points(self.operating_points)
        stored = card_json(self)
        text = json.dumps({**stored, "seal": _seal(stored)}, indent=2, ensure_ascii=False)
        write_in_one_step(folder / CARD_FILE, text + "\n")

    @property
    def weights_sha256(self) -> str:
        return self.checksums["weights.safetensors"]


def seal_in(folder: Path) -> str:
    """The seal of the card in a folder, of which `ReleaseCard.read` says whether it fits."""
    seal = json.loads((folder / CARD_FILE).read_text("utf-8"))["seal"]
    return str(seal)


def file_sha256(path: Path) -> str:
    """Raises BadRelease when the file cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as failure:
        raise BadRelease(f"{path.name} of the release cannot be read") from failure


def verify_files(folder: Path, card: ReleaseCard) -> None:
    """Raises BadRelease unless every file of the release is there with the SHA-256 of its card."""
    for name in RELEASE_FILES:
        if name not in card.checksums:
            raise BadRelease(f"card.json has no checksum for {name}")
        if file_sha256(folder / name) != card.checksums[name]:
            raise BadRelease(f"{name} is not the file that the card describes: its checksum differs")


def _seal(stored: Mapping[str, Any]) -> str:
    canonical = json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def _check_operating_points(points: OperatingPoints) -> None:
    if not 0 <= points.rule_out <= points.rule_in <= 1:
        raise BadRelease("the card's operating points are not in order: 0 <= rule_out <= rule_in <= 1")


def card_json(card: ReleaseCard) -> dict[str, Any]:
    """What card.json holds, but for its seal; the portal keeps the same."""
    before = card.preprocessing
    return {
        "name": card.name,
        "architecture": card.architecture,
        "created": card.created,
        "preprocessing": {
            "version": before.version,
            "side_px": before.side_px,
            "black_percentile": before.black_percentile,
            "white_percentile": before.white_percentile,
            "finds_limb": before.finds_limb,
            "follows_limb": before.follows_limb,
        },
        "normalisation": {"mean": list(before.mean), "deviation": list(before.deviation)},
        "classes": list(card.classes),
        "calibration": {"slope": card.calibration.slope, "intercept": card.calibration.intercept},
        "operating_points": {
            "rule_out": card.operating_points.rule_out,
            "rule_in": card.operating_points.rule_in,
        },
        "box_threshold": card.box_threshold,
        "box_trim": card.box_trim,
        "least_scope": card.least_scope,
        "is_mirrored": card.is_mirrored,
        "body_parts": list(card.body_parts),
        "training_data": dict(card.training_data),
        "backbone": dict(card.backbone),
        "training": dict(card.training),
        "metrics": dict(card.metrics),
        "checksums": dict(card.checksums),
    }


def _from_json(stored: Mapping[str, Any]) -> ReleaseCard:
    before, scale = stored["preprocessing"], stored["normalisation"]
    return ReleaseCard(
        name=str(stored["name"]),
        architecture=str(stored["architecture"]),
        created=str(stored["created"]),
        preprocessing=PreprocessingCard(
            version=int(before["version"]),
            side_px=int(before["side_px"]),
            black_percentile=float(before["black_percentile"]),
            white_percentile=float(before["white_percentile"]),
            mean=tuple(float(value) for value in scale["mean"]),
            deviation=tuple(float(value) for value in scale["deviation"]),
            finds_limb=bool(before.get("finds_limb", True)),  # older cards say neither
            follows_limb=bool(before.get("follows_limb", False)),
        ),
        classes=tuple(stored["classes"]),
        calibration=Calibration(**stored["calibration"]),
        operating_points=OperatingPoints(**stored["operating_points"]),
        box_threshold=float(stored["box_threshold"]),
        box_trim=float(stored.get("box_trim", TRIM_BEFORE)),
        least_scope=None if stored["least_scope"] is None else float(stored["least_scope"]),
        is_mirrored=bool(stored.get("is_mirrored", False)),  # older cards do not say so
        body_parts=tuple(stored["body_parts"]),
        training_data=dict(stored["training_data"]),
        backbone=dict(stored["backbone"]),
        training=dict(stored["training"]),
        metrics=dict(stored["metrics"]),
        checksums=dict(stored["checksums"]),
    )
