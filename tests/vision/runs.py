"""Tiny training runs on drawn limbs, and what they leave."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from worker.commands import train


def recipe(manifest: Path, run: Path, epochs: int) -> list[str]:
    """The arguments of a run that takes seconds."""
    asked = ["--data", str(manifest), "--arch", "plain-cnn", "--epochs", str(epochs), "--side", "64"]
    return [*asked, "--batch-size", "8", "--out", str(run)]


def trained(manifest: Path, run: Path, epochs: int = 1, more: Sequence[str] = ()) -> Path:
    assert train.main([*recipe(manifest, run, epochs), *more]) == 0
    return run


def best(run: Path) -> bytes:
    return (run / "best.safetensors").read_bytes()


def measures(run: Path) -> list[dict[str, str]]:
    """The lines of metrics.csv."""
    with (run / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))
