"""Tiny training runs on drawn limbs, and what they leave."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from worker.commands import train

ON_CPU = ["--device", "cpu"]  # also where a GPU would be chosen: only a CPU repeats itself to the bit


def recipe(manifest: Path, run: Path, epochs: int) -> list[str]:
    """The arguments of a run that takes seconds."""
    asked = ["--data", str(manifest), "--arch", "plain-cnn", "--epochs", str(epochs), "--side", "64"]
    return [*asked, "--batch-size", "8", "--out", str(run), *ON_CPU]


def trained(manifest: Path, run: Path, epochs: int = 1, more: Sequence[str] = ()) -> Path:
    assert train.main([*recipe(manifest, run, epochs), *more]) == 0
    return run


def resumed(run: Path) -> Path:
    assert train.main(["--out", str(run), "--resume", *ON_CPU]) == 0
    return run


def best(run: Path) -> bytes:
    return (run / "best.safetensors").read_bytes()


def measures(run: Path) -> list[dict[str, str]]:
    """The lines of metrics.csv."""
    with (run / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))
