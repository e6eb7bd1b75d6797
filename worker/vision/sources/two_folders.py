"""Images sorted into a folder of fractured and one of sound ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from worker.vision.manifest import Row
from worker.vision.sources.groups import joined, near_duplicates, pairs_of_equals

SOUND_NAMES = ("not_fractured", "non_fractured", "notfractured", "nonfractured")
ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_FIRST_NUMBER = re.compile(r"\D*\d+")


def is_two_folders(folder: Path) -> bool:
    return _named(folder, ("fractured",)) is not None and _named(folder, SOUND_NAMES) is not None


def read_two_folders(folder: Path) -> list[Row]:
    """All images below `fractured/` and `not_fractured/`.

    Who belongs together is guessed: images of one subfolder; else those whose names agree up to and including
    their first number (`patient7_1.png`, `patient7_2.png`; `12-rotated.jpg`, `12.jpg`); and near-duplicates.
    """
    found = [file for file in _files(folder) if file[0].suffix.lower() in ENDINGS]
    if not found:
        others = left_out(folder)
        but = f" as JPEG, PNG or TIFF, but other files do ({others}): list DICOM files in a manifest"
        raise ValueError(f"no image lies in fractured/ or not_fractured/{but if others else ''}")
    paths = [path for path, _, _ in found]
    owners = [_owner(path, kind) for path, _, kind in found]
    groups = joined(owners, [*pairs_of_equals(owners), *near_duplicates(paths)])
    return [
        Row(path, path.relative_to(folder).as_posix(), is_fractured, "unknown", (), group, None)
        for (path, is_fractured, _), group in zip(found, groups, strict=True)
    ]


def left_out(folder: Path) -> int:
    """How many files below both are not read: those whose names do not end as an image's."""
    return sum(path.suffix.lower() not in ENDINGS for path, _, _ in _files(folder))


def _files(folder: Path) -> Iterator[tuple[Path, bool, Path]]:
    """Each file that is not hidden, whether it is of a fracture, and in which of both folders it lies."""
    for names, is_fractured in ((("fractured",), True), (SOUND_NAMES, False)):
        if (kind := _named(folder, names)) is not None:
            for path in sorted(kind.rglob("*")):
                if path.is_file() and not path.name.startswith("."):
                    yield path, is_fractured, kind


def _named(folder: Path, names: tuple[str, ...]) -> Path | None:
    folders = (path for path in sorted(folder.iterdir()) if path.is_dir())
    return next((path for path in folders if re.sub("[- ]", "_", path.name.lower()) in names), None)


def _owner(path: Path, kind: Path) -> str:
    if path.parent != kind:
        return path.parent.relative_to(kind).as_posix()
    start = _FIRST_NUMBER.match(path.stem)
    return start[0] if start else path.stem
