"""Compressed frames for the tests of what was cut off: each with the DICOM file that goes around it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.corpus import codecs
from tests.corpus.dicom_bytes import encapsulated
from tests.corpus.dicom_encodings import (
    BASELINE,
    EXTENDED,
    JPEG_2000,
    JPEG_2000_LOSSY,
    JPEG_LS,
    JPEG_LS_NEAR,
    LOSSLESS,
    LOSSLESS_SV1,
    MR_16_SIGNED,
    MR_LS,
)
from tests.corpus.jpegs import END, jpeg
from tests.corpus.pictures import radiograph

START_OF_SCAN = b"\xff\xda"
INTERVALS = 3


@dataclass(frozen=True)
class Frame:
    """stream   whole, with its end marker last
    pixels   of the size and depth that the file states; their values do not matter
    changes  to the file's elements, see `dicom_bytes.describe`
    """

    stream: bytes
    syntax: str
    pixels: NDArray[Any]
    changes: Mapping[str, Any] = field(default_factory=dict)

    def file(self, stream: bytes, **options: Any) -> bytes:
        """The DICOM file around `stream` in place of the whole one."""
        return encapsulated(stream, self.syntax, self.pixels, **options, **self.changes)

    @property
    def data_at(self) -> int:
        """Where the data of the scan begin; a JPEG 2000 has its tile-part there."""
        if self.syntax in (JPEG_2000, JPEG_2000_LOSSY):
            return self.stream.index(b"\xff\x93") + 2
        at = self.stream.index(START_OF_SCAN) + 2
        return at + int.from_bytes(self.stream[at : at + 2])

    def in_intervals(self, units: int) -> "Frame":
        """The image three times, one below the other, each a restart interval of `units`."""
        data = self.stream[self.data_at : -len(END)]
        scan = data + b"".join(bytes((0xFF, 0xD0 + number)) + data for number in range(INTERVALS - 1))
        pixels = np.tile(self.pixels, (INTERVALS, 1))
        head = self.stream[: self.stream.index(START_OF_SCAN)]
        size = self.pixels.shape[0].to_bytes(2) + self.pixels.shape[1].to_bytes(2)
        head = head.replace(size, pixels.shape[0].to_bytes(2) + size[2:], 1)
        head += b"\xff\xdd\0\4" + units.to_bytes(2)
        head += self.stream[self.stream.index(START_OF_SCAN) : self.data_at]
        return Frame(head + scan + END, self.syntax, pixels, self.changes)


def _plain(**options: Any) -> bytes:
    return jpeg(radiograph(), **options)


def _small_mr(syntax: str) -> Frame:
    return Frame(codecs.borrowed(MR_LS), syntax, codecs.borrowed_pixels("MR_small.dcm"), MR_16_SIGNED)


def _twelve_bit() -> Frame:
    stored = {"_00280101": 12, "_00280102": 11}
    stream = codecs.borrowed("JPGExtended.dcm")
    whole = stream[: stream.rindex(END) + len(END)]
    return Frame(whole, EXTENDED, np.zeros((1024, 256), np.uint16), stored)


def _lossless(syntax: str) -> Frame:
    pixels = radiograph(64, 64, bits=16)
    return Frame(codecs.jpeg_lossless(pixels, 16), syntax, pixels)


def _dark_below() -> NDArray[np.uint8]:
    """What a decoder makes up for the lower part is the same black."""
    pixels = radiograph()
    pixels[60:] = 0
    return pixels


JPEGS: dict[str, Callable[[], Frame]] = {
    "baseline": lambda: Frame(_plain(), BASELINE, radiograph()),
    "baseline-dark-below": lambda: Frame(jpeg(_dark_below()), BASELINE, radiograph()),
    "baseline-restarts": lambda: Frame(_plain(restart_marker_rows=1), BASELINE, radiograph()),
    "baseline-each-block-restarts": lambda: Frame(_plain(restart_marker_blocks=1), BASELINE, radiograph()),
    "extended-8-bit": lambda: Frame(_plain(), EXTENDED, radiograph()),
    "extended-12-bit": _twelve_bit,
    "lossless": lambda: _lossless(LOSSLESS),
    "lossless-sv1": lambda: _lossless(LOSSLESS_SV1),
    "lossless-sv1-restarts": lambda: _lossless(LOSSLESS_SV1).in_intervals(64 * 64),
    "jpeg-ls": lambda: _small_mr(JPEG_LS),
    "jpeg-ls-near": lambda: _small_mr(JPEG_LS_NEAR),
    "jpeg-ls-restarts": lambda: _small_mr(JPEG_LS).in_intervals(64),
}
JPEG_2000S: dict[str, Callable[[], Frame]] = {
    "jpeg-2000": lambda: _jpeg_2000(JPEG_2000, lossy=False),
    "jpeg-2000-lossy": lambda: _jpeg_2000(JPEG_2000_LOSSY, lossy=True),
}


def _jpeg_2000(syntax: str, *, lossy: bool) -> Frame:
    pixels = radiograph(bits=16)
    return Frame(codecs.jpeg_2000(pixels, lossy=lossy), syntax, pixels)
