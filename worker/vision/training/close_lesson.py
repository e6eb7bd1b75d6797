"""What a closer is taught with one batch of close-ups."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.vision.training.losses import image_loss

BOX_WEIGHT = 0.5
SMALL_ERROR = 0.2  # up to which the loss of a box is quadratic


class CloseLesson(nn.Module):
    """The network with its loss as one module, as `Lesson`."""

    def __init__(self, network: nn.Module, in_bfloat16: bool) -> None:
        super().__init__()
        self.network, self.in_bfloat16 = network, in_bfloat16

    def forward(self, images: Tensor, labels: Tensor, boxes: Tensor) -> Tensor:
        """The loss of close-ups with labels (N,) and boxes (N, 4), which count where the label is 1."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            answers = self.network(images)
        away = functional.smooth_l1_loss(answers.boxes, boxes, reduction="none", beta=SMALL_ERROR).mean(dim=1)
        box_loss = (away * labels).sum() / labels.sum().clamp(min=1)
        return image_loss(answers.logits, labels) + BOX_WEIGHT * box_loss
