"""What a reader is taught with one batch of images."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from worker.vision.training.losses import image_loss, map_loss


class Lesson(nn.Module):
    """The network with its loss as one module.

    Several processes share the gradients of what a module returns: the answers that no loss asks for (the
    scope, or the map when boxes are left out) must stay inside.
    """

    def __init__(self, network: nn.Module, has_boxes: bool, in_bfloat16: bool) -> None:
        super().__init__()
        self.network, self.has_boxes, self.in_bfloat16 = network, has_boxes, in_bfloat16

    def forward(self, images: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
        """The loss of images (N, 1, H, W) with labels (N,) and targets of the map's shape."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            answers = self.network(images)
        loss = image_loss(answers.logits, labels)
        return loss + map_loss(answers.maps, targets) if self.has_boxes else loss
