"""What a card may say of its release's data and starting weights: what is given or known, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.vision.manifest import read_manifest
from worker.vision.networks.registry import backbone_of
from worker.vision.shelf import RELEASES
from worker.vision.sources.known_data import KNOWN_DATA, UNKNOWN_DATA
from worker.vision.training.checkpoint import Options
from worker.vision.training.lineage import Lineage, lineage_of

FACTS_FILE = RELEASES / "facts.json"  # the shipped release's; of others only its known weights hold
NEEDED = ("name", "licence", "attribution")
BACKBONE_FACTS = ("name", "licence", "pre-training")

Weights = Mapping[str, Mapping[str, str]]  # by architecture; "none" and "other" besides


@dataclass(frozen=True)
class GivenFacts:
    """What people state in a file: None where they state nothing; weights are told by their SHA-256."""

    body_parts: tuple[str, ...] | None = None
    training_data: dict[str, Any] | None = None
    backbones: Weights = field(default_factory=dict)


def read_facts(path: Path) -> GivenFacts:
    """Raises ValueError when the file is not JSON, or states neither body parts nor data with its licence."""
    try:
        stored = json.loads(path.read_text("utf-8"))
    except ValueError as failure:
        raise ValueError(f"{path} is not JSON: {failure}") from failure
    if not isinstance(stored, dict) or not {"body_parts", "training_data"} & stored.keys():
        raise ValueError(f"{path} states neither body_parts nor training_data")
    parts, data, backbones = (stored.get(name) for name in ("body_parts", "training_data", "backbones"))
    if parts is not None and not (isinstance(parts, list) and all(isinstance(part, str) for part in parts)):
        raise ValueError(f"{path}: body_parts is no list of names")
    if data is not None and not (isinstance(data, dict) and all(_is_text(data.get(name)) for name in NEEDED)):
        raise ValueError(f"{path}: training_data needs {', '.join(NEEDED)}, each as a text")
    known = backbones or {}
    if not isinstance(known, dict) or not all(_describes_weights(entry) for entry in known.values()):
        raise ValueError(f"{path}: each of backbones needs {', '.join(BACKBONE_FACTS)}, each as a text")
    return GivenFacts(None if parts is None else tuple(parts), data, known)


def provenance(runs: Sequence[Path], given: GivenFacts) -> dict[str, Any]:
    """body_parts, training_data and backbone for the card of a release of these runs.

    What is given counts; else data is named when the layout that it came in tells it, and body parts are
    those that the rows trained on name: none when some rows' list is gone or names none. A licence of
    starting weights is stated when their SHA-256 is a known one, or on the card of the release they are from.
    """
    lineages = [lineage_of(run) for run in runs]
    parts, data = given.body_parts, given.training_data
    weights = {**read_facts(FACTS_FILE).backbones, **given.backbones}
    return {
        "body_parts": _body_parts(lineages) if parts is None else parts,
        "training_data": _joined(_data(lineages)) if data is None else data,
        "backbone": _joined(_backbone(lineage, weights) for lineage in lineages),
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _describes_weights(entry: Any) -> bool:
    return isinstance(entry, dict) and all(_is_text(entry.get(name)) for name in BACKBONE_FACTS)


def _body_parts(lineages: Iterable[Lineage]) -> tuple[str, ...]:
    named = [_parts_of(options) for lineage in lineages for options in lineage.runs]
    named += [lineage.release.body_parts for lineage in lineages if lineage.release is not None]
    return tuple(dict.fromkeys(part for parts in named for part in parts)) if all(named) else ()


def _parts_of(options: Options) -> tuple[str, ...]:
    known = KNOWN_DATA.get(options.known_as or "")
    if known is not None and known.body_parts:
        return known.body_parts
    try:
        rows = read_manifest(Path(options.manifest), options.folds_train)
    except (OSError, ValueError):
        return ()
    named = (part for row in rows for part in row.body_part.split("+"))
    return tuple(sorted({part for part in named if part != "unknown"}))


def _data(lineages: Iterable[Lineage]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for lineage in lineages:
        for options in lineage.runs:
            known = KNOWN_DATA.get(options.known_as or "")
            found.append(UNKNOWN_DATA if known is None else known.training_data)
        if lineage.release is not None:
            found.append(lineage.release.training_data)
    return found


def _backbone(lineage: Lineage, weights: Weights) -> Mapping[str, str]:
    """What the earliest run started from; by its own architecture first, where several take one file."""
    if lineage.release is not None:
        return lineage.release.backbone
    if lineage.start_sha256 is None:
        return weights["none"]
    own = weights.get(backbone_of(lineage.runs[-1].arch), weights["other"])
    fitting = (each for each in (own, *weights.values()) if each.get("sha256") == lineage.start_sha256)
    return next(fitting, weights["other"])


def _joined(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Several entries as one, each fact named once; the SHA-256 stays behind."""
    different = list({json.dumps(entry, sort_keys=True): entry for entry in entries}.values())
    names = dict.fromkeys(name for entry in different for name in entry if name != "sha256")
    return {
        name: "; ".join(dict.fromkeys(str(entry[name]) for entry in different if name in entry))
        for name in names
    }
