"""The stored values of the one frame: what encloses them is checked, then a decoding library unpacks them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from portal.refusals import Refused
from worker.intake import jpeg, jpeg_2000
from worker.intake.dicom.describe import Description
from worker.intake.dicom.syntaxes import JPEG_EXTENDED, Syntax, syntax_of
from worker.intake.guard import corrupt_if_raised

# pydicom masks from bit 0 whatever HighBit says; _unsigned does not.
UNMASKED: Any = {"correct_unused_bits": False}


def decode_frame(dataset: Dataset, description: Description, uid: str) -> NDArray[np.uint16]:
    """Stored values as unsigned (rows, columns), stray bits masked, signed ones moved up to start at 0.

    raises  Refused  truncated, corrupt, dimensions (codestream against header), transfer_syntax (an extended
                     JPEG that the decoder does not know), bit_depth
    """
    syntax = syntax_of(uid)
    _require_pixels(dataset, syntax)
    if syntax.is_codestream:
        if description.shift:
            raise Refused("bit_depth")  # a codestream has no bits below its values
        _check_codestream(get_frame(dataset.PixelData, 0, number_of_frames=1), description, syntax)
    elif not syntax.plugin:
        _require_all_bytes(dataset, description)
    with corrupt_if_raised("transfer_syntax" if uid == JPEG_EXTENDED else "corrupt"):
        decoder = get_decoder(UID(uid))
        values, _ = decoder.as_array(dataset, index=0, raw=True, decoding_plugin=syntax.plugin, **UNMASKED)
    if values.shape != (description.rows, description.columns):
        raise Refused("corrupt")
    return _unsigned(values, description)


def _unsigned(values: NDArray[np.generic], description: Description) -> NDArray[np.uint16]:
    """Two's complement becomes offset binary: -2**(bits-1) is 0."""
    mask = (1 << description.bits_stored) - 1
    unsigned = (values.astype(np.int32) >> description.shift & mask).astype(np.uint16)
    return unsigned ^ np.uint16((mask + 1) >> 1) if description.is_signed else unsigned


def _require_pixels(dataset: Dataset, syntax: Syntax) -> None:
    if not dataset.PixelData:
        raise Refused("no_image")
    if dataset["PixelData"].is_undefined_length != bool(syntax.plugin):  # encapsulated, or not
        raise Refused("corrupt")


def _require_all_bytes(dataset: Dataset, description: Description) -> None:
    expected = description.rows * description.columns * description.bits_allocated // 8
    if len(dataset.PixelData) < expected:
        raise Refused("truncated")


def _check_codestream(stream: bytes, description: Description, syntax: Syntax) -> None:
    size = jpeg_2000.read_size(stream) if syntax.is_jpeg_2000 else _jpeg_size(stream, syntax)
    if size != (description.columns, description.rows):
        raise Refused("dimensions")


def _jpeg_size(stream: bytes, syntax: Syntax) -> tuple[int, int]:
    structure = jpeg.read_structure(stream)
    if structure.process not in syntax.jpeg_processes or structure.components != 1:
        raise Refused("corrupt")
    if not structure.is_complete:
        raise Refused("truncated")
    return structure.width_px, structure.height_px
