"""The pictures that `./run predict --overlay` writes: images with heatmap and boxes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.commands.files import WorkingImage
from worker.commands.found_files import FoundFile
from worker.vision.detector import Detector, Reading
from worker.vision.errors import VisionError
from worker.vision.overlay import picture_with_overlay
from worker.vision.preprocess import Prepared

GRADCAM = "gradcam"
KINDS = ("map", GRADCAM)
LABEL_BYTES = 200  # a name may have 255
OUR_NAME = re.compile(r"\d{3,}-.*\.png", re.DOTALL)


class PicturesAmongImages(Exception):
    """Pictures would be written into a folder that is to be read."""


@dataclass(frozen=True)
class OverlayFolder:
    """Writes images with what the release was trained to show, or with what else explains it."""

    folder: Path
    explain: Callable[[Prepared], NDArray[np.uint8]] | None
    written: set[str] = field(default_factory=set)  # names of the pictures, by now

    @classmethod
    def of(cls, overlay: str, out: Path, release: Path, detector: Detector) -> OverlayFolder:
        """The folder, made when missing: `overlay` itself, or `out` when that names a kind of heatmap."""
        folder = out if overlay in KINDS else Path(overlay)
        explain = _gradcam(release, detector) if overlay == GRADCAM else None
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, explain)

    def keep_apart_from(self, images: Iterable[Path]) -> None:
        """raises  PicturesAmongImages when this is one of the folders to be read"""
        for named in filter(os.path.isdir, images):
            if named.samefile(self.folder):
                raise PicturesAmongImages(f"{named} holds the images: choose another folder for the pictures")

    def write(self, name: str, image: WorkingImage, prepared: Prepared, reading: Reading) -> None:
        """Nothing for an image out of scope: a picture without marks would look like one without fracture."""
        if reading.probability is None:
            return
        heatmap = reading.heatmap if self.explain is None else self.explain(prepared)
        picture = picture_with_overlay(image.pixels, image.low, image.high, heatmap, reading.boxes)
        (self.folder / name).write_bytes(picture)
        self.written.add(name)

    def older(self) -> int:
        """How many files stand here that are named as pictures are, and were not written now.

        They are left: what is named so need not be ours to remove.
        """
        names = (path.name for path in self.folder.iterdir())
        return sum(OUR_NAME.fullmatch(name) is not None and name not in self.written for name in names)


def picture_name(number: int, file: FoundFile) -> str:
    """The number of the answer, which makes it unique, and the file's label, or its end if that is long."""
    label = os.fsencode(file.label)[-LABEL_BYTES:].decode("utf-8", "ignore")
    return f"{number:03}-{label}.png"


def _gradcam(release: Path, detector: Detector) -> Callable[[Prepared], NDArray[np.uint8]]:
    try:
        from worker.vision.torch_engine import TorchEngine  # most who read on a CPU have no torch
    except ImportError as failure:
        raise VisionError("Grad-CAM needs torch, which is not installed: ./run install torch") from failure
    return TorchEngine(release, detector.card, detector.device).explain
