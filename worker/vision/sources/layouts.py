"""Labelled radiographs as they lie on the disk: a manifest of ours, or one of three layouts of folders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from worker.vision.list_digest import list_sha256
from worker.vision.manifest import Row, manifest_text, read_manifest
from worker.vision.one_step import write_in_one_step
from worker.vision.sources.folds import with_folds
from worker.vision.sources.fracatlas import is_fracatlas, is_published_fracatlas, read_fracatlas
from worker.vision.sources.known_data import FRACATLAS, MURA
from worker.vision.sources.mura import is_mura, read_mura
from worker.vision.sources.two_folders import is_two_folders, left_out, read_two_folders

LAYOUTS = (
    (is_fracatlas, read_fracatlas),
    (is_two_folders, read_two_folders),
    (is_mura, read_mura),
)


@dataclass(frozen=True)
class Listed:
    """Labelled images in folds, and the manifest that lists them.

    known_as  the data set that their layout tells, one of KNOWN_DATA; None when nothing tells it
    text      of the manifest where it is ours to write; None when it was given
    left_out  how many files of a plain folder are none of the images that it lists
    """

    manifest: Path
    rows: list[Row]
    known_as: str | None = None
    text: str | None = None
    left_out: int = 0

    @property
    def sha256(self) -> str:
        """Of what the manifest lists once it is kept; one of ours names images by absolute paths."""
        if self.text is None:
            return list_sha256(self.rows)
        return list_sha256([replace(row, name=str(row.image.absolute())) for row in self.rows])

    def keep(self) -> Path:
        """Write the manifest unless it is there; its path.

        raises  ValueError when its place holds the list of other images
        """
        if self.text is None:
            return self.manifest
        if not self.manifest.exists():
            self.manifest.parent.mkdir(parents=True, exist_ok=True)
            write_in_one_step(self.manifest, self.text)
        elif self.manifest.read_bytes() != self.text.encode("utf-8"):
            raise ValueError(
                f"{self.manifest} lists other images, labels or folds than --data gives now:"
                " give another --out"
            )
        return self.manifest


def listed(source: Path, run: Path, seed: int) -> Listed:
    """The images with folds: by `source` itself when it is a manifest that has them, else by one for the run.

    The folds that are dealt depend on the images' names and groups and on `seed`, and on nothing else.

    raises  ValueError when the source is none of the layouts or holds no image
    """
    if source.is_file():
        rows = read_manifest(source)
        if any(row.fold is not None for row in rows):
            return Listed(source, rows)
    else:
        rows = read_layout(source)
    dealt = with_folds(rows, seed)
    passed_over = left_out(source) if source.is_dir() and is_two_folders(source) else 0
    return Listed(run / "manifest.csv", dealt, known_as(source), manifest_text(dealt), passed_over)


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


def known_as(source: Path) -> str | None:
    """The published data set that a folder holds as far as its layout tells; None for any other source."""
    if not source.is_dir():
        return None
    if is_fracatlas(source):
        return FRACATLAS if is_published_fracatlas(source) else None
    return MURA if is_mura(source) and not is_two_folders(source) else None
