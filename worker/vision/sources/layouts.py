"""Labelled radiographs as they lie on the disk: a manifest of ours, or one of three layouts of folders."""

from __future__ import annotations

from pathlib import Path

from worker.vision.manifest import Row, read_manifest, write_manifest
from worker.vision.sources.folds import with_folds
from worker.vision.sources.fracatlas import is_fracatlas, read_fracatlas
from worker.vision.sources.mura import is_mura, read_mura
from worker.vision.sources.two_folders import is_two_folders, read_two_folders

LAYOUTS = (
    (is_fracatlas, read_fracatlas),
    (is_two_folders, read_two_folders),
    (is_mura, read_mura),
)


def manifest_of(source: Path, run: Path, seed: int) -> Path:
    """A manifest with folds: `source` itself when it is one, else written to the run's folder.

    The folds that are dealt depend on the images' names and groups and on `seed`, and on nothing else.

    raises  ValueError when the source is none of the layouts or holds no image
    """
    if source.is_file():
        rows = read_manifest(source)
        if any(row.fold is not None for row in rows):
            return source
    else:
        rows = read_layout(source)
    path = run / "manifest.csv"
    write_manifest(path, with_folds(rows, seed))
    return path


def read_layout(folder: Path) -> list[Row]:
    """The labelled images of a folder, without folds."""
    if not folder.is_dir():
        raise FileNotFoundError(f"No such file or folder: {folder}")
    for fits, read in LAYOUTS:
        if fits(folder):
            return read(folder)
    raise ValueError(
        f"{folder} is neither FracAtlas (dataset.csv and images/), nor holds fractured/ and not_fractured/,"
        " nor is it MURA (XR_*/patient*/study*_positive/)"
    )
