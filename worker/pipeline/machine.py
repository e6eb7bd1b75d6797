"""Whether an image or this machine is at fault: what failed for an image is tried with a drawn limb."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from portal.storage import Storage
from worker.vision.detector import Detector
from worker.vision.golden import golden_pixels

WHITE = 4095  # of the drawn picture's 12 bits
ONE_BLOCK = bytes(4096)


class MachineAtFault(Exception):
    """No image is to blame for `reason`, so none may be failed for it."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(repr(reason))
        self.reason = reason


def check_machine(detector: Detector, storage: Storage) -> None:
    """Raises MachineAtFault unless a file can be written beside the arrays and a drawn limb be read."""
    try:
        _write_a_file(storage.root / "arrays")
        detector.read([detector.prepare(golden_pixels(), 0, WHITE)])
    except Exception as error:
        raise MachineAtFault(error) from error


def _write_a_file(folder: Path) -> None:
    """Raises OSError also where the folder is gone, as when a network share is not mounted."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(ONE_BLOCK)
        file.flush()
        os.fsync(file.fileno())
