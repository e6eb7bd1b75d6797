"""A network, and another one that looks again, from near, at the places it suspects most."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.vision.networks.close_reader import BOX_UNIT, CLOSE_UP_PX, SEEN_PX, CloseReader
from worker.vision.networks.drawn_map import DRAWN_STRIDE, Boxes, drawn_map
from worker.vision.networks.ensemble import Ensemble
from worker.vision.networks.places import PLACES, Places, suspicious_places
from worker.vision.networks.reader import Answers, Reader
from worker.vision.networks.scale import PLAIN, Scale, rescaled
from worker.vision.networks.scope_head import ScopeHead

TRUST = 0.35  # of the second look's logit beside the map's, when a place is judged
LEAN = 0.75  # of the image's logit on the second look at its most suspicious place
LEAST = -1.0  # logit that it counts there at least: finding nothing, it does not clear an image by itself
FAINTEST = 1e-4  # probability that the map tells


class SecondLook(nn.Module):
    """Answers as its first network does, corrected by what the second one sees from near.

    Each place is drawn into the map as the box that the second network measures there, as hot as both find
    it. The scope is the first network's. `docs/experiments.md` says what the second look brings.
    """

    map_stride = DRAWN_STRIDE

    def __init__(self, first: Reader | Ensemble, closer: CloseReader, scales: tuple[Scale, Scale]) -> None:
        """scales  of both; an image comes as the first one wants it"""
        super().__init__()
        self.first, self.closer, self.scales = first, closer, scales
        self.explained = f"first.{first.explained}"  # the module whose last output Grad-CAM looks at

    def forward(self, image: Tensor) -> Answers:
        """As the first network: (N, 1, H, W) -> logits (N,), maps (N, rows, columns), scope (N,)"""
        return self.look_again(image, self.first(image))

    def look_again(self, image: Tensor, said: Answers) -> Answers:
        """The first network's answers, corrected."""
        places = suspicious_places(said.maps, self.first.map_stride)
        close = self.closer(self._close_ups(image, places))
        seen = close.logits.view(-1, PLACES)
        heat = torch.sigmoid(places.logits + TRUST * seen)
        boxes = _boxes(places, close.boxes.view(-1, PLACES, 4))
        probabilities = drawn_map(boxes, heat, image.shape[2], image.shape[3])
        maps = torch.logit(probabilities.clamp(FAINTEST, 1 - FAINTEST))
        return Answers(said.logits + LEAN * seen.amax(dim=1).clamp(min=LEAST), maps, said.scope)

    @property
    def scope_heads(self) -> tuple[ScopeHead, ...]:
        """As a reader's."""
        return self.first.scope_heads

    def scope_features(self, image: Tensor) -> Tensor:
        """As a reader's, (N, features)."""
        return self.first.scope_features(image)

    def _close_ups(self, image: Tensor, places: Places) -> Tensor:
        """What lies around each place, (N * PLACES, 1, CLOSE_UP_PX, CLOSE_UP_PX); black beyond the canvas."""
        offsets = ((torch.arange(CLOSE_UP_PX, device=image.device) + 0.5) / CLOSE_UP_PX - 0.5) * SEEN_PX
        across = ((places.x[:, :, None] + offsets) / image.shape[3] * 2 - 1)[:, :, None, :]
        down = ((places.y[:, :, None] + offsets) / image.shape[2] * 2 - 1)[:, :, :, None]
        shape = -1, -1, CLOSE_UP_PX, CLOSE_UP_PX
        grid = torch.stack([across.expand(shape), down.expand(shape)], dim=-1)  # x and y last
        grey = rescaled(image, self.scales[0], PLAIN)
        close_ups = functional.grid_sample(
            grey, grid.flatten(1, 2), mode="bilinear", padding_mode="zeros", align_corners=False
        )
        return rescaled(close_ups.view(-1, 1, CLOSE_UP_PX, CLOSE_UP_PX), PLAIN, self.scales[1])


def _boxes(places: Places, told: Tensor) -> Boxes:
    """On the canvas, what the second network tells of each place, (N, PLACES, 4)."""
    unit = SEEN_PX * BOX_UNIT
    shift, size = told[..., :2] * unit, told[..., 2:].exp() * unit
    return Boxes(places.x + shift[..., 0], places.y + shift[..., 1], size[..., 0], size[..., 1])
