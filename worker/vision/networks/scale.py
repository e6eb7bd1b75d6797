"""How networks want the grey values of their images."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Scale(NamedTuple):
    """(value on 0..1 - mean) / deviation"""

    mean: float
    deviation: float


PLAIN = Scale(0.0, 1.0)  # black is 0, white 1


def rescaled(image: Tensor, given: Scale, wanted: Scale) -> Tensor:
    """An image that was made for one scale, for another."""
    if given == wanted:
        return image
    return (image * given.deviation + (given.mean - wanted.mean)) / wanted.deviation
