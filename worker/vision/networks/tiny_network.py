"""The torch twin of the tiny network that `worker.vision.tiny` writes as ONNX."""

from __future__ import annotations

from torch import Tensor, nn

from worker.vision.networks.reader import Answers


class TinyNetwork(nn.Module):
    """Two convolutions and a mean; reads brightness, not fractures."""

    explained = "patch"

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(1, 4, kernel_size=8, stride=8)
        self.map = nn.Conv2d(4, 1, kernel_size=1)
        self.image = nn.Linear(4, 1)
        self.scope = nn.Linear(4, 1)

    def forward(self, image: Tensor) -> Answers:
        """(N, 1, S, S) -> logits (N,), maps (N, S/8, S/8), scope (N,)"""
        patches = self.patch(image).relu()
        pooled = patches.mean(dim=(2, 3))
        return Answers(self.image(pooled)[:, 0], self.map(patches)[:, 0], self.scope(pooled)[:, 0])
