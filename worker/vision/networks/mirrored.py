"""Read an image as it is and mirrored: a left limb mirrored is a right limb, with the same fracture."""

from __future__ import annotations

from torch import Tensor, nn

from worker.vision.networks.reader import Answers


class Mirrored(nn.Module):
    """The mean of what a network says of an image and of its mirror image, at twice the price.

    The scope is that of the image as it is: it is no question of left and right.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Answers:
        """As the network's own: (N, 1, H, W) -> logits (N,), maps (N, rows, columns), scope (N,)"""
        one, other = self.network(image), self.network(image.flip(3))
        logits = (one.logits + other.logits) / 2
        return Answers(logits, (one.maps + other.maps.flip(2)) / 2, one.scope)
