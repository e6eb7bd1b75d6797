"""Whether an image or this machine is at fault: what failed for an image is tried with a drawn limb."""

from __future__ import annotations

from portal.storage import Storage
from worker.vision.detector import Detector
from worker.vision.golden import golden_pixels

WHITE = 4095  # of the drawn picture's 12 bits


class MachineAtFault(Exception):
    """No image is to blame for `reason`, so none may be failed for it."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(repr(reason))
        self.reason = reason


def check_machine(detector: Detector, storage: Storage) -> None:
    """Raises MachineAtFault unless the arrays' shelf works and a drawn limb can be read."""
    try:
        storage.check_shelf("arrays")
        detector.read([detector.prepare(golden_pixels(), 0, WHITE)])
    except Exception as error:
        raise MachineAtFault(error) from error
