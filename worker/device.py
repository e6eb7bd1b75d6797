"""Which device this worker reads on."""

from __future__ import annotations

import importlib.util
import os
import shutil

from portal.errors import BadSetting


def choose_device(setting: str) -> str:
    """`cpu` or `cuda:N` for the setting auto, cpu or cuda:N; raises BadSetting for anything else."""
    if setting == "cpu" or (setting.startswith("cuda:") and setting[5:].isdigit()):
        return setting
    if setting != "auto":
        raise BadSetting(f"GREENSTICK_DEVICE must be auto, cpu or cuda:N; it is now “{setting}”.")
    has_gpu = shutil.which("nvidia-smi") is not None and importlib.util.find_spec("torch") is not None
    return "cuda:0" if has_gpu and _cuda_answers() else "cpu"


def _cuda_answers() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def reading_threads(setting: int) -> int:
    """Threads of one reading on a CPU: as set, else half the cores, so that the portal stays quick."""
    return setting or max(1, (os.cpu_count() or 2) // 2)
