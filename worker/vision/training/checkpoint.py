"""What a training run keeps on disk, so that it can be stopped at any moment and resumed."""

from __future__ import annotations

import csv
import json
import pickle
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from worker.vision.one_step import write_in_one_step

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

OPTIONS_FILE = "options.json"
METRICS_FILE = "metrics.csv"
STATE_FILE = "last.pt"
BEST_FILE = "best.safetensors"
NOT_FOR_CARDS = ("manifest", "weights", "arch", "side", "known_as", "places_of")


@dataclass(frozen=True)
class Options:
    """Everything that shapes a run. A resumed run takes these from its folder."""

    manifest: str
    arch: str
    weights: str | None
    epochs: int
    batch_size: int
    side: int
    folds_train: tuple[int, ...]
    fold_tune: int | None  # chooses the epoch whose weights are kept; None keeps the last one's
    fold_test: int | None
    seed: int
    learning_rate: float
    precision: str
    first_side: int | None = None  # input side of the first half of the epochs, for speed
    box_supervision: bool = True
    finds_limb: bool = True
    patience: int | None = None  # epochs to wait for a better one on the tuning fold before giving up
    follows_limb: bool = False  # canvases as long as the limb; older runs do not say so
    average_start: bool = False  # end half way between the trained weights and those of the start
    peaked_boxes: bool = False  # the map is taught a box's centre most; older runs do not say so
    places_of: str | None = None  # the cross-validation whose networks tell a closer where to look
    # Of what the manifest listed when the run was started (see `list_digest`); older runs do not say so.
    list_sha256: str | None = field(default=None, compare=False)
    # How many groups of the list have images in several folds; older runs do not say so.
    groups_split: int | None = field(default=None, compare=False)
    # The data set that the images' layout told (see `sources.known_data`); it shapes nothing.
    known_as: str | None = field(default=None, compare=False)

    @classmethod
    def read(cls, folder: Path) -> Options:
        """Those of the run in `folder`. Raises OSError when there is none, ValueError when damaged."""
        path = folder / OPTIONS_FILE
        try:
            stored = json.loads(path.read_text("utf-8"))
            stored.pop("environment", None)
            return cls(**{**stored, "folds_train": tuple(stored["folds_train"])})
        except (ValueError, KeyError, TypeError, AttributeError) as failure:
            raise ValueError(f"{path} is damaged or of another version: start another run") from failure

    def for_card(self) -> dict[str, Any]:
        """What a release says about its training; no paths, which mean nothing elsewhere."""
        known = asdict(self)
        return {name: known[name] for name in known if name not in NOT_FOR_CARDS}

    def write(self, folder: Path, environment: dict[str, str]) -> None:
        """Keep the options, with what the run was last started in."""
        stored = {**asdict(self), "environment": environment}
        write_in_one_step(folder / OPTIONS_FILE, json.dumps(stored, indent=2) + "\n")


def differences(there: DataclassInstance, here: DataclassInstance) -> list[str]:
    """Each field that counts in which what is there is unlike what is asked for here, in words."""
    return [
        f"{name.replace('_', ' ')}: {getattr(there, name)} there, {getattr(here, name)} asked for"
        for name in (each.name for each in fields(there) if each.compare)
        if getattr(there, name) != getattr(here, name)
    ]


def environment_of(folder: Path) -> dict[str, str]:
    """What the run was last started in; empty for a run that does not say."""
    stored = json.loads((folder / OPTIONS_FILE).read_text("utf-8"))
    return stored.get("environment", {})


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Replace the run's state in one step: a kill leaves the old one or the new one."""
    fresh = folder / (STATE_FILE + ".new")
    torch.save(state, fresh)
    fresh.replace(folder / STATE_FILE)


def load_state(folder: Path) -> dict[str, Any] | None:
    """The state of a run to resume, or None for a new one. Nothing stored is executed.

    raises  ValueError when it is damaged
    """
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as failure:
        raise ValueError(f"{path} is damaged: remove it to train from the start again") from failure
    return state


def save_best(folder: Path, network: nn.Module) -> None:
    tensors = {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}
    fresh = folder / (BEST_FILE + ".new")
    save_file(tensors, fresh)
    fresh.replace(folder / BEST_FILE)


def load_best(folder: Path, network: nn.Module) -> None:
    network.load_state_dict(load_file(folder / BEST_FILE))


def epochs_of(folder: Path) -> dict[str, int]:
    """How many epochs a run has done, and after which of them the weights were kept; 0 before the first."""
    path = folder / METRICS_FILE
    text = path.read_text("utf-8") if path.exists() else ""
    lines = list(csv.DictReader(text.splitlines()))
    if not lines or "tune_auroc" not in lines[0]:
        return {"epochs_done": len(lines), "best_epoch": len(lines)}
    scores = [float(line["tune_auroc"]) for line in lines]
    return {"epochs_done": len(scores), "best_epoch": 1 + scores.index(max(scores))}


def keep_metrics(folder: Path, epochs: int) -> None:
    """Forget the measures of an epoch whose state was not saved: it will be done again."""
    path = folder / METRICS_FILE
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    if epochs == 0:
        path.unlink(missing_ok=True)
    elif len(lines) > 1 + epochs:
        write_in_one_step(path, "".join(lines[: 1 + epochs]))


def append_metrics(folder: Path, line: dict[str, float]) -> None:
    path = folder / METRICS_FILE
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(line))
        if is_new:
            writer.writeheader()
        writer.writerow(line)
