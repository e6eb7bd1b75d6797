"""Image files on the command line, read exactly as the portal reads an upload."""

from __future__ import annotations

import errno
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from portal.queries.body_parts import BODY_PART_TAG
from portal.refusals import REASONS, Refused
from portal.sniff import HEAD_BYTES, sniff
from worker.intake.decode import working_array
from worker.intake.decoder import ChildKilled, Decoder
from worker.vision.preprocess import Pixels


@dataclass(frozen=True)
class WorkingImage:
    """The decoded image: grey rows and columns, bone bright, with the values shown black and white.

    flags      what intake noted about it
    body_part  as the file states it, where it does
    """

    pixels: Pixels
    low: float
    high: float
    flags: tuple[str, ...] = ()
    body_part: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why a file was not read: a stable code, and a sentence for staff."""

    code: str
    reason: str


THE_FILES_FAULT = (errno.ENOENT, errno.EACCES, errno.EIO, errno.ESTALE)  # gone or damaged since it was opened
NOT_FOUND = Refusal("not_found", "There is no such file, or it may not be read. Check the name.")
NO_MEMORY = Refusal("decoder_memory", REASONS["decoder_memory"])

NO_FILE = Refusal("no_file", "This is no file but a pipe, a device or a folder. Save the image as a file.")


def known_image(path: Path) -> tuple[Pixels, float, float]:
    """An image to learn from, with the values shown black and white: decoded as an upload, but right here.

    raises  ValueError, which names the file and says why it cannot be read
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    try:
        _, pixels, low, high = working_array(path, sniff(head))
    except Refused as refused:
        raise ValueError(f"{path}: {refused.reason}") from refused
    return pixels, low, high


def read_image(path: Path, decoder: Decoder) -> WorkingImage | Refusal:
    """Sniff and decode one file in a throw-away child."""
    if path.exists() and not path.is_file():
        return NO_FILE  # opening a pipe would wait for somebody to fill it
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return NOT_FOUND
    try:
        kind = sniff(head)
        with tempfile.TemporaryDirectory(prefix="greenstick-") as folder:
            array = Path(folder, "image.npy")
            intake = decoder.decode(path, kind, array, Path(folder, "preview.png"))
            body_part = intake.tags.get(BODY_PART_TAG, "")
            window = intake.window_low, intake.window_high
            return WorkingImage(np.load(array), *window, tuple(intake.flags), body_part)
    except Refused as refused:
        return Refusal(refused.code, refused.reason)
    except ChildKilled:
        return NO_MEMORY
    except OSError as failure:
        if failure.errno not in THE_FILES_FAULT:
            raise
        return NOT_FOUND
