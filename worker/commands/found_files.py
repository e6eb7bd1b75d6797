"""The files that a command line names, and the images in the folders that it names."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.refusals import Refused
from portal.sniff import HEAD_BYTES, sniff
from worker.commands.files import Refusal

UNREADABLE_FOLDER = Refusal(
    "unreadable_folder",
    "This folder may not be read, so that its images are missing here. Ask for access to it.",
)
# The class of a DICOMDIR, the index of a medium, as the header of the file states it: (0002,0002), PS3.10.
MEDIA_INDEX = b"\x02\x00\x02\x00UI\x14\x00" + b"1.2.840.10008.1.3.10"

Identity = tuple[int, int]  # device and inode: the same for each way that leads to a file


@dataclass(frozen=True)
class FoundFile:
    """A file to read.

    named    what the command line names: this file, or a folder above it
    refusal  why it cannot be read, where that is known already
    """

    path: Path
    named: Path
    refusal: Refusal | None = None

    @property
    def label(self) -> str:
        """The folders below the command line's and the name, without what says the format: `day-2-IM7`."""
        ends_in_number = self.path.suffix[1:].isdigit()  # as names of DICOM files do that are UIDs: 1.2.840.7
        folders = self.path.relative_to(self.named.parent).parent.parts
        return "-".join([*folders, self.path.name if ends_in_number else self.path.stem])


class FoundFiles:
    """To be gone through once, in order; what was passed over is known at the end.

    Files that are named come as they are. A folder is read whole: in natural order (2 before 10), hidden
    names left out, links followed, each folder once. Its files of no image kind are passed over. What begins
    like an image, is empty or cannot be opened is not: nothing that may be an X-ray is missing silently.

    leaving_out  files and folders that are there for what is written, and are not searched
    """

    def __init__(self, named: Sequence[Path], leaving_out: Sequence[Path] = ()) -> None:
        self.passed_over = 0
        self.without_image: list[Path] = []
        self._named = named
        self._leaving_out = leaving_out

    def __iter__(self) -> Iterator[FoundFile]:
        for named in self._named:
            if not os.path.isdir(named):
                yield FoundFile(named, named)
                continue
            is_empty = True
            for found in self._within(named):
                is_empty = False
                yield found
            if is_empty:
                self.without_image.append(named)

    def _within(self, folder: Path) -> Iterator[FoundFile]:
        seen = {_identity(path.stat()) for path in self._leaving_out}
        waiting = [folder]
        while waiting:
            path = waiting.pop()
            try:
                status = path.stat()
            except OSError:
                yield FoundFile(path, folder)  # reading it will say that it cannot be
                continue
            if _identity(status) in seen:
                continue
            if stat.S_ISDIR(status.st_mode):
                seen.add(_identity(status))
                try:
                    names = os.listdir(path)
                except OSError:
                    yield FoundFile(path, folder, UNREADABLE_FOLDER)
                    continue
                shown = (name for name in names if not name.startswith("."))
                waiting += [path / name for name in sorted(shown, key=natural_order, reverse=True)]
            elif stat.S_ISREG(status.st_mode):
                if is_no_image(path):
                    self.passed_over += 1
                else:
                    yield FoundFile(path, folder)


def natural_order(name: str) -> tuple[list[str | int], str]:
    """A key that sorts numbers in names as numbers; names that differ in case only stand side by side."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


def is_no_image(path: Path) -> bool:
    """Whether the first bytes say that a file is of no image kind; not when they cannot be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        sniff(head)
    except OSError:
        return False
    except Refused as refused:
        return refused.code == "unsupported_type"
    return MEDIA_INDEX in head


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
