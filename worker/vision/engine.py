"""What every engine offers the detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outputs:
    """Raw answers for a batch of N images, float32, uncalibrated."""

    logits: NDArray[np.float32]  # (N,) fractured
    maps: NDArray[np.float32]  # (N, rows, columns) fractured here
    scope: NDArray[np.float32]  # (N,) the kind of image that the network was trained on


class Engine(Protocol):
    """Runs one network on one device."""

    device: str

    def run(self, batch: NDArray[np.float32]) -> Outputs:
        """One forward pass over (N, C, H, W).

        raises  OutOfMemory when the device has no room for N images, DeviceFailed when a GPU reports an error
        """
        ...
