"""Started by torchrun: how far a crew's gradient lies from that of one process with the whole batch."""

from __future__ import annotations

import torch
from torch import Tensor

from worker.vision.networks.reader import Reader
from worker.vision.networks.registry import build_reader
from worker.vision.training.crew import Crew, joined_crew, leave
from worker.vision.training.lesson import Lesson


def main() -> None:
    with joined_crew("cpu", 0) as crew:
        torch.manual_seed(0)
        network = build_reader("plain-cnn").eval()  # norms and dropout would see another batch
        batch = torch.randn(4, 1, 64, 64), torch.tensor([1.0, 0, 1, 0]), torch.zeros(4, 4, 4)
        shared = shared_gradient(network, batch, crew)
        Lesson(network, has_boxes=False, in_bfloat16=False)(*batch).backward()
        whole = gradients(network)
        if crew.leads:
            assert shared.keys() == whole.keys()
            print(max(float((shared[name] - whole[name]).norm() / whole[name].norm()) for name in whole))


def shared_gradient(network: Reader, batch: tuple[Tensor, ...], crew: Crew) -> dict[str, Tensor]:
    lesson = crew.together(Lesson(network, has_boxes=False, in_bfloat16=False))
    half = crew.share_of(range(4))
    lesson(*(part[half[0] : half[-1] + 1] for part in batch)).backward()
    return gradients(network)


def gradients(network: Reader) -> dict[str, Tensor]:
    """Taken away from the network, by name."""
    kept = {name: value.grad.clone() for name, value in network.named_parameters() if value.grad is not None}
    network.zero_grad()
    return kept


if __name__ == "__main__":
    main()
    leave(0)
