"""The release that a command line names, made ready to read."""

from __future__ import annotations

from pathlib import Path

from worker.vision.detector import Detector
from worker.vision.errors import BadRelease


def detector_in(folder: Path, device: str = "cpu", engine: str = "auto") -> Detector:
    """As `Detector.load`, but what must not be used is named by its folder, as on the command line."""
    try:
        return Detector.load(folder, device, engine)
    except BadRelease as failure:
        raise BadRelease(f"{folder}: {failure}") from failure
