"""Training in bfloat16, where it pays: on a GPU that has it, and on some CPUs.

Measured with EfficientNet-Lite0 at 320 px on one core with avx512_bf16 (torch 2.13): 96 ms an image in
float32, 98 ms all in bfloat16 because grouped convolutions run backward slowly there, 69 ms with those kept
in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def usual_precision(device: str) -> str:
    """bf16 on a GPU that computes in it, else fp32."""
    has_it = device.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16" if has_it else "fp32"


def computing(device: str, precision: str) -> torch.autocast:
    """The context in which a network of a run computes on a device."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bf16")


class Float32Conv2d(nn.Conv2d):
    """A convolution that computes in float32 under autocast; same weights, same names."""

    def forward(self, image: Tensor) -> Tensor:
        with torch.autocast(image.device.type, enabled=False):
            return super().forward(image.float())


def keep_grouped_convolutions_in_float32(module: nn.Module) -> None:
    """Replace each grouped convolution in place; the state dict keeps its keys."""
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.groups > 1:
            setattr(module, name, _in_float32(child))
        else:
            keep_grouped_convolutions_in_float32(child)


def _in_float32(layer: nn.Conv2d) -> Float32Conv2d:
    twin = Float32Conv2d.__new__(Float32Conv2d)
    twin.__dict__ = layer.__dict__
    return twin
