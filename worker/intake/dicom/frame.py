"""The stored values of the one frame: what encloses them is checked, then a decoding library unpacks them."""

import struct

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from portal.refusals import Refused
from worker.intake import jpeg
from worker.intake.dicom.describe import Description
from worker.intake.dicom.syntaxes import JPEG_EXTENDED, Syntax, syntax_of
from worker.intake.guard import corrupt_if_raised

J2K_START, J2K_END = b"\xff\x4f\xff\x51", b"\xff\xd9"  # SOC and SIZ; EOC
JP2_BOX = b"\0\0\0\x0cjP  "
MAX_TILES = 65_535  # by the standard; an X-ray has one, or some hundred


def decode_frame(dataset: Dataset, description: Description, uid: str) -> NDArray[np.uint16]:
    """Stored values as unsigned (rows, columns), stray bits masked, signed ones moved up to start at 0.

    raises  Refused  truncated, corrupt, dimensions (codestream against header), transfer_syntax (an extended
                     JPEG that the decoder does not know), bit_depth
    """
    syntax = syntax_of(uid)
    if syntax.is_codestream:
        if description.shift:
            raise Refused("bit_depth")  # a codestream has no bits below its values
        _check_codestream(get_frame(dataset.PixelData, 0, number_of_frames=1), description, syntax)
    elif not syntax.plugin:
        _require_all_bytes(dataset, description)
    with corrupt_if_raised("transfer_syntax" if uid == JPEG_EXTENDED else "corrupt"):
        decoder = get_decoder(UID(uid))
        # pydicom masks from bit 0 whatever HighBit says; _unsigned, below, does not.
        values, _ = decoder.as_array(
            dataset, index=0, raw=True, decoding_plugin=syntax.plugin, correct_unused_bits=False
        )
    if values.shape != (description.rows, description.columns):
        raise Refused("corrupt")
    return _unsigned(values, description)


def _unsigned(values: NDArray[np.generic], description: Description) -> NDArray[np.uint16]:
    """Two's complement becomes offset binary: -2**(bits-1) is 0."""
    mask = (1 << description.bits_stored) - 1
    unsigned = (values.astype(np.int32) >> description.shift & mask).astype(np.uint16)
    return unsigned ^ np.uint16((mask + 1) >> 1) if description.is_signed else unsigned


def _require_all_bytes(dataset: Dataset, description: Description) -> None:
    expected = description.rows * description.columns * description.bits_allocated // 8
    if len(dataset.PixelData) < expected:
        raise Refused("truncated")


def _check_codestream(stream: bytes, description: Description, syntax: Syntax) -> None:
    size = _jpeg_2000_size(stream) if syntax.is_jpeg_2000 else _jpeg_size(stream, syntax)
    if size != (description.columns, description.rows):
        raise Refused("dimensions")


def _jpeg_size(stream: bytes, syntax: Syntax) -> tuple[int, int]:
    structure = jpeg.read_structure(stream)
    if structure.process not in syntax.jpeg_processes or structure.components != 1:
        raise Refused("corrupt")
    if not structure.is_complete:
        raise Refused("truncated")
    return structure.width_px, structure.height_px


def _jpeg_2000_size(stream: bytes) -> tuple[int, int]:
    """Width and height from the SIZ segment (ITU-T T.800, A.5.1)."""
    start = stream.find(J2K_START) if stream.startswith(JP2_BOX) else 0
    if start < 0 or stream[start : start + 4] != J2K_START:
        raise Refused("corrupt")
    if len(stream) < start + 42 or not stream.rstrip(b"\0").endswith(J2K_END):
        raise Refused("truncated")
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top, components = struct.unpack_from(
        ">8IH", stream, start + 8
    )
    if components != 1 or not tile_width or not tile_height:
        raise Refused("corrupt")
    if -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height) > MAX_TILES:
        raise Refused("too_complex")
    return right - left, bottom - top
