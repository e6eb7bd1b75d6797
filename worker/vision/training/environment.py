"""What a run was trained with besides its options, so that a difference can be traced later."""

from __future__ import annotations

import datetime
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from worker.vision.card import file_sha256

ROOT = Path(__file__).resolve().parents[3]
GIT_WITHIN_S = 10.0
PACKAGES = ("torch", "torchvision", "numpy", "pillow", "onnx", "onnxruntime", "safetensors")


def environment(device: str, processes: int, weights: Path | None) -> dict[str, str]:
    """Versions by name, the machine, when it was, and which weights it started from; no host, user or path.

    What cannot be told is left out: a GPU where none is used, the commit where the code is no git checkout.
    """
    told = {
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit_of(ROOT),
        "device": device,
        "gpu": torch.cuda.get_device_name(device) if device.startswith("cuda") else None,
        "processes": str(processes),
        "cpu": _cpu(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "weights_sha256": None if weights is None else file_sha256(weights),
    }
    return {name: text for name, text in told.items() if text is not None}


def commit_of(checkout: Path) -> str | None:
    """The commit that the code is at, and whether it was changed since; None unless it is a git checkout."""
    if not (checkout / ".git").exists():  # a repository further up is not the code's
        return None
    try:
        commit = _git(checkout, "rev-parse", "HEAD")
        changes = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}, changed since" if changes else commit


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "-C", str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=GIT_WITHIN_S)
    return done.stdout.strip()


def _cpu() -> str | None:
    """The processor's name, as Linux tells it on most machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
