"""The stored values of the one frame: what encloses them is checked, then a decoding library unpacks them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from portal.refusals import Refused
from worker.intake.dicom.codestream import check_codestream
from worker.intake.dicom.describe import Description
from worker.intake.dicom.syntaxes import JPEG_EXTENDED, Syntax, syntax_of
from worker.intake.dicom.whole_scan import require_whole_scan
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
    stream, data_end = b"", None
    if syntax.is_codestream:
        if description.shift:
            raise Refused("bit_depth")  # a codestream has no bits below its values
        stream = get_frame(dataset.PixelData, 0, number_of_frames=1)
        data_end = check_codestream(stream, description, syntax)
    elif not syntax.plugin:
        _require_all_bytes(dataset, description)
    with corrupt_if_raised("transfer_syntax" if uid == JPEG_EXTENDED else "corrupt"):
        values = _values(dataset, uid)
    if values.shape != (description.rows, description.columns):
        raise Refused("corrupt")
    if data_end is not None:
        require_whole_scan(values, stream, data_end, lambda other: _values_of(other, dataset, uid))
    return _unsigned(values, description)


def _values(dataset: Dataset, uid: str) -> NDArray[np.generic]:
    plugin = syntax_of(uid).plugin
    values, _ = get_decoder(UID(uid)).as_array(dataset, index=0, raw=True, decoding_plugin=plugin, **UNMASKED)
    return values


def _values_of(stream: bytes, dataset: Dataset, uid: str) -> NDArray[np.generic]:
    """What another stream gives in the place of the data set's own, which is lost."""
    dataset.PixelData = encapsulate([stream], has_bot=False)
    return _values(dataset, uid)


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
