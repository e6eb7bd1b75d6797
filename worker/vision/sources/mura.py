"""The layout of MURA: …/XR_WRIST/patient00001/study1_positive/image1.png.

MURA calls a study positive when anything is abnormal, not only a fracture. Its licence forbids to pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from worker.vision.manifest import Row

IMAGES = "XR_*/patient*/study*_*/*.png"
LABELS = {"positive": True, "negative": False}


def is_mura(folder: Path) -> bool:
    return next(_images(folder), None) is not None


def read_mura(folder: Path) -> list[Row]:
    """All images below a folder, grouped by patient; its own division into train and valid is not kept."""
    return [_row(folder, path) for path in sorted(_images(folder))]


def _images(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob(IMAGES) if _label(path) in LABELS and path.name[0] != ".")


def _label(path: Path) -> str:
    return path.parent.name.rpartition("_")[2]


def _row(folder: Path, path: Path) -> Row:
    patient = path.parent.parent
    part = patient.parent.name.removeprefix("XR_").lower()
    name = path.relative_to(folder).as_posix()
    return Row(path, name, LABELS[_label(path)], part, (), patient.name, None)
