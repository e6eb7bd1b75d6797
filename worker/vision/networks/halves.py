"""Weights in half the space: what a release keeps of a network."""

from __future__ import annotations

from torch import Tensor, nn


def halves(network: nn.Module) -> dict[str, Tensor]:
    """Convolutions and linear layers in float16, batch-norm statistics (whose range is wide) as they are."""
    return {
        name: tensor.half().contiguous() if tensor.ndim > 1 else tensor.contiguous()
        for name, tensor in network.state_dict().items()
    }


def round_to_half(network: nn.Module) -> None:
    """Make the network what its stored weights say, so that every engine starts from the same numbers."""
    network.load_state_dict({name: tensor.float() for name, tensor in halves(network).items()})
