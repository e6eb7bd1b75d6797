"""Whether the scan of a JPEG in a DICOM file holds all of its image. Cut off and closed, it looks whole.

The decoder makes up what is missing and keeps that to itself. But it reads no further than the last pixel:
bytes put in behind the data change nothing in a whole scan, and stand for what is missing in another.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from portal.refusals import Refused
from worker.intake.guard import corrupt_if_raised

# What the decoder makes up is zeros. To JPEG these bytes are ones, and no Huffman code is all ones.
# JPEG-LS takes out the bit behind an FF: ones and zeros in turns.
PUT_IN = b"\xff\0" * 64

Values = NDArray[np.generic]


def require_whole_scan(
    values: Values, stream: bytes, data_end: int, decode: Callable[[bytes], Values]
) -> None:
    """Refuse a stream that does not decode to `values` when more data follow. It takes as long as they took.

    raises  Refused  truncated
    """
    with corrupt_if_raised("truncated"):
        again = decode(stream[:data_end] + PUT_IN + stream[data_end:])
    if not np.array_equal(values, again):
        raise Refused("truncated")
