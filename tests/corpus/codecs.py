"""Small encoders for the compressed DICOM samples; JPEG-LS is borrowed from pydicom's own test files."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import RLELossless

PYDICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def rle(pixels: NDArray[Any]) -> bytes:
    bits = pixels.dtype.itemsize * 8
    return get_encoder(RLELossless).encode(
        pixels,
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples_per_pixel=1,
        bits_allocated=bits,
        bits_stored=bits,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        number_of_frames=1,
    )


def jpeg_2000(pixels: NDArray[Any], *, lossy: bool = False) -> bytes:
    target = io.BytesIO()
    options: dict[str, Any] = {"irreversible": True, "quality_layers": [4]} if lossy else {}
    Image.fromarray(pixels).save(target, "JPEG2000", no_jp2=True, **options)
    return target.getvalue()


def jpeg_lossless(pixels: NDArray[np.unsignedinteger], precision: int) -> bytes:
    """Process 14, selection value 1 (ITU-T T.81, annex H), with one plain Huffman table: all codes 5 bits."""
    rows, columns = pixels.shape
    values = pixels.astype(np.int64)
    guess = np.empty_like(values)
    guess[:, 1:] = values[:, :-1]
    guess[1:, 0] = values[:-1, 0]
    guess[0, 0] = 1 << (precision - 1)
    bits = "".join(_code(int(step)) for step in (values - guess).ravel())
    bits += "1" * (-len(bits) % 8)
    packed = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\0")
    frame = bytes((precision,)) + rows.to_bytes(2) + columns.to_bytes(2) + b"\1\1\x11\0"
    table = b"\0" + bytes((0, 0, 0, 0, 17)) + bytes(11) + bytes(range(17))
    segments = _segment(0xC3, frame) + _segment(0xC4, table) + _segment(0xDA, b"\1\1\0\1\0\0")
    return b"\xff\xd8" + segments + packed + b"\xff\xd9"


def _code(step: int) -> str:
    """Five bits say how many follow; a negative step is written as one less, without its sign."""
    size = abs(step).bit_length()
    if not size:
        return "00000"
    return f"{size:05b}" + f"{step if step > 0 else step + (1 << size) - 1:0{size}b}"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body


@cache
def borrowed(name: str) -> bytes:
    """The compressed stream of one of the files that come with pydicom."""
    dataset = pydicom.dcmread(PYDICOM_FILES / name)
    return get_frame(dataset.PixelData, 0, number_of_frames=1)


@cache
def borrowed_pixels(name: str) -> NDArray[Any]:
    return pydicom.dcmread(PYDICOM_FILES / name).pixel_array
