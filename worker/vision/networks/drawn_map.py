"""A map drawn of boxes, each as hot as it is probable."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

DRAWN_STRIDE = 4  # pixels of the canvas to a cell: on coarser ones neighbouring boxes flow together
EDGE = 0.5  # how hot the map is where a box ends, when its centre is 1


class Boxes(NamedTuple):
    """Centres and sizes in pixels of the canvas, (N, boxes) each."""

    x: Tensor
    y: Tensor
    width: Tensor
    height: Tensor


def drawn_map(boxes: Boxes, heat: Tensor, height_px: int, width_px: int) -> Tensor:
    """Probabilities (N, height_px / DRAWN_STRIDE, width_px / DRAWN_STRIDE) of boxes with these (N, boxes).

    Each box is a Gaussian, its heat in the middle and EDGE times as much where it ends. What overlaps a
    hotter box is left out: it tells of the same fracture.
    """
    shown = torch.where(_stands_alone(boxes, heat), heat, torch.zeros_like(heat))
    across = _distance(boxes.x, boxes.width, width_px)[:, :, None, :]
    down = _distance(boxes.y, boxes.height, height_px)[:, :, :, None]
    return (shown[:, :, None, None] * EDGE ** (across + down)).amax(dim=1)


def _stands_alone(boxes: Boxes, heat: Tensor) -> Tensor:
    """Which boxes (N, boxes) overlap none that is hotter and drawn."""
    overlaps = _overlap(boxes.x, boxes.width) & _overlap(boxes.y, boxes.height)
    order = heat.argsort(dim=1, descending=True)
    is_drawn = torch.zeros_like(heat)
    for place in range(heat.shape[1]):
        number = order[:, place : place + 1]
        beside = overlaps.gather(1, number[:, :, None].expand(-1, -1, heat.shape[1]))[:, 0].float()
        is_free = ((beside * is_drawn).sum(dim=1, keepdim=True) == 0).float()
        is_drawn = is_drawn.scatter(1, number, is_free)
    return is_drawn > 0


def _overlap(centre: Tensor, length: Tensor) -> Tensor:
    """Which two of each image overlap along one side, (N, boxes, boxes)."""
    apart = (centre[:, :, None] - centre[:, None, :]).abs()
    return apart * 2 < length[:, :, None] + length[:, None, :]


def _distance(centre: Tensor, length: Tensor, side_px: int) -> Tensor:
    """How far each cell lies from boxes' centres, squared: 0 where it holds one, 1 where the box ends.

    centre   (N, boxes), as length, in pixels
    return   (N, boxes, side_px / DRAWN_STRIDE)
    """
    cells = (torch.arange(side_px // DRAWN_STRIDE, device=centre.device) + 0.5) * DRAWN_STRIDE
    beyond = ((cells - centre[:, :, None]).abs() - DRAWN_STRIDE / 2).clamp(min=0)
    half = ((length - DRAWN_STRIDE) / 2).clamp(min=DRAWN_STRIDE / 4)
    return (beyond / half[:, :, None]) ** 2
