"""Where the samples of a stored array begin, read from its `.npy` header without numpy.

Format: NEP 1, version 1.0, as `numpy.save` writes it for the intake workers.
"""

from __future__ import annotations

import ast
import os
import struct
from dataclasses import dataclass
from typing import IO

from portal.errors import StorageDamaged

MAGIC = b"\x93NUMPY\x01\x00"
BITS = {"|u1": 8, "<u2": 16}
DAMAGED = "A stored image is not as intake wrote it; restore it from the backup."


@dataclass(frozen=True)
class Samples:
    """Grey values row by row, little-endian, bone bright; `start_byte` is where they begin in the file."""

    width_px: int
    height_px: int
    bits: int
    start_byte: int

    @property
    def size_bytes(self) -> int:
        return self.width_px * self.height_px * self.bits // 8


def samples_of(file: IO[bytes]) -> Samples:
    """What a file opened at its start holds; raises StorageDamaged when that is not a whole 2-D array."""
    head = file.read(len(MAGIC) + 2)
    if not head.startswith(MAGIC):
        raise StorageDamaged(DAMAGED)
    (length,) = struct.unpack("<H", head[len(MAGIC) :])
    try:
        header = ast.literal_eval(file.read(length).decode("latin-1"))
        height_px, width_px = header["shape"]
        samples = Samples(width_px, height_px, BITS[header["descr"]], len(head) + length)
    except (KeyError, SyntaxError, TypeError, ValueError) as error:
        raise StorageDamaged(DAMAGED) from error
    is_whole = os.fstat(file.fileno()).st_size == samples.start_byte + samples.size_bytes
    if header["fortran_order"] or not is_whole:
        raise StorageDamaged(DAMAGED)
    return samples
