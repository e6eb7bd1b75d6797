"""What a run was trained with besides its options, so that a difference can be traced later."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "onnx", "onnxruntime", "safetensors")


def environment(device: str, processes: int) -> dict[str, str]:
    """Versions by name; no host, user or path."""
    return {
        "device": device,
        "processes": str(processes),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
