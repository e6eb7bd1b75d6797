"""Look-up tables as DICOM stores them: modality LUT and VOI LUT (PS3.3, C.11.1.1 and C.11.2.1.1)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from portal.refusals import Refused


def look_up(item: Dataset, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the table in `item` (LUT Descriptor, LUT Data) makes of each input; beyond its ends the end value.

    raises  Refused  corrupt
    """
    descriptor = item.get("LUTDescriptor")
    if not isinstance(descriptor, Sequence) or len(descriptor) != 3:
        raise Refused("corrupt")
    entries, first, bits = (int(number) for number in descriptor)
    entries = entries % 65536 or 65536  # 65536 does not fit its field and is written as 0
    if not 8 <= bits <= 16:
        raise Refused("corrupt")
    if inputs[0] < 0 and first > 32767:
        first -= 65536  # written without its sign
    table = _entries(item.get("LUTData"), entries)
    return table[np.clip(np.rint(inputs) - first, 0, entries - 1).astype(np.intp)]


def _entries(data: object, entries: int) -> NDArray[np.float64]:
    if isinstance(data, bytes):
        kind = np.dtype("u1") if len(data) in (entries, entries + 1) and entries > 1 else np.dtype("<u2")
        table = np.frombuffer(data, kind, count=len(data) // kind.itemsize)
    elif isinstance(data, Sequence):
        table = np.asarray([int(value) for value in data])
    else:
        raise Refused("corrupt")
    if len(table) < entries:
        raise Refused("corrupt")
    return table[:entries].astype(np.float64)
