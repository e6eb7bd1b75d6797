"""Which device this worker reads on."""

from __future__ import annotations

import importlib.util
import os
import shutil

from portal.errors import BadSetting


def choose_device(setting: str) -> str:
    """`cpu` or `cuda:N` for the setting auto, cpu or cuda:N.

    raises  BadSetting for a GPU that does not answer: reading on the CPU instead would hide that it is lost
    """
    if setting == "cpu":
        return setting
    if setting == "auto":
        return "cuda:0" if gpus() else "cpu"
    if int(setting[5:]) >= gpus():
        raise BadSetting(
            f"GREENSTICK_DEVICE is {setting}, but that GPU does not answer. See nvidia-smi, or set cpu."
        )
    return setting


def gpus() -> int:
    """GPUs that torch can use; 0 also where torch or the driver is not there (and torch is not imported)."""
    if shutil.which("nvidia-smi") is None or importlib.util.find_spec("torch") is None:
        return 0
    import torch

    return int(torch.cuda.device_count())


def reading_threads(setting: int) -> int:
    """Threads of one reading on a CPU: as set, else half the cores, so that the portal stays quick."""
    return setting or max(1, (os.cpu_count() or 2) // 2)
