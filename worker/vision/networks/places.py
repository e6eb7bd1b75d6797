"""The most suspicious places of a map."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

PLACES = 4  # that a reading looks at again; six are judged no better (`docs/experiments.md`)
APART_PX = 20  # of the canvas; what is nearer belongs to the same place


class Places(NamedTuple):
    """Points of the canvas, hottest first, (N, places) each."""

    x: Tensor  # pixels
    y: Tensor
    logits: Tensor  # of the map there


def suspicious_places(maps: Tensor, stride: int, count: int = PLACES) -> Places:
    """The hottest cells of maps' logits (N, rows, columns), none next to a hotter one."""
    columns = maps.shape[2]
    row_numbers = torch.arange(maps.shape[1], device=maps.device)[None, :, None]
    column_numbers = torch.arange(columns, device=maps.device)[None, None, :]
    reach, left, found = APART_PX // stride, maps, list[Places]()
    for _ in range(count):
        flat = left.flatten(1)
        hottest = flat.argmax(dim=1)[:, None]
        row, column = torch.div(hottest, columns, rounding_mode="floor"), hottest % columns
        found.append(Places((column + 0.5) * stride, (row + 0.5) * stride, flat.gather(1, hottest)))
        is_near = (row_numbers - row[:, :, None]).abs() <= reach
        is_near = is_near & ((column_numbers - column[:, :, None]).abs() <= reach)
        left = left.masked_fill(is_near, -torch.inf)
    return Places(*(torch.cat(each, dim=1) for each in zip(*found, strict=True)))
