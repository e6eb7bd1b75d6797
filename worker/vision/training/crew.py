"""Who trains: one process, or several started by torchrun, each on a device of its own.

What a run comes to does not depend on `workers`, and only one process (`leads`) writes and speaks.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import torch
from torch import distributed, nn

LONGEST_WAIT = datetime.timedelta(hours=1)  # for the leading one, which reads images and scores alone
MOST_WORKERS = 16

Thing = TypeVar("Thing")


class NothingTold(Exception):
    """The leading process failed, and has said why: the others have nothing to add."""


@dataclass(frozen=True)
class Crew:
    """This process among those that train one network; the default trains alone on the CPU."""

    rank: int = 0
    size: int = 1
    device: str = "cpu"
    workers: int = 0  # threads that augment images ahead of the network; 0 augments in between

    @property
    def leads(self) -> bool:
        return self.rank == 0

    @property
    def on_gpu(self) -> bool:
        return self.device.startswith("cuda")

    def share_of(self, batch: Sequence[Thing]) -> Sequence[Thing]:
        """This process's part of a batch that all of them divide."""
        part = len(batch) // self.size
        return batch[self.rank * part : (self.rank + 1) * part]

    def together(self, lesson: nn.Module) -> nn.Module:
        """The module whose gradients become the mean of all processes' gradients.

        Batch norm counts each process's share by itself; the leading one's running statistics are kept.
        """
        if self.size == 1:
            return lesson
        devices = [torch.device(self.device)] if self.on_gpu else None
        return nn.parallel.DistributedDataParallel(lesson, devices, find_unused_parameters=True)

    def told(self, make: Callable[[], Thing]) -> Thing:
        """What the leading process makes, in every process; the others wait for it.

        raises  in the others NothingTold, when it could not
        """
        if self.size == 1:
            return make()
        told: list[tuple[Thing] | None] = [None]
        try:
            if self.leads:
                told = [(make(),)]
        finally:
            distributed.broadcast_object_list(told, src=0, device=torch.device(self.device))
        if told[0] is None:
            raise NothingTold
        return told[0][0]

    def mean(self, value: float) -> float:
        """The mean of every process's value."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return total.item() / self.size


ALONE = Crew()


@contextmanager
def joined_crew(device: str, workers: int | None) -> Iterator[Crew]:
    """The crew that torchrun started this process for, or this process alone.

    device   cpu, cuda, or auto; among several processes each takes the GPU of its own number
    workers  None: as many as there are cores for each GPU, none on a CPU
    raises   ValueError when no such device answers
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield alone(device, workers)
        return
    rank, place = int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"])
    device = chosen_device(device)
    if device.startswith("cuda"):
        device = chosen_device(f"cuda:{place}")
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=LONGEST_WAIT)
    try:
        yield Crew(rank, size, device, _workers(workers, device))
    finally:
        distributed.destroy_process_group()


def leave(status: int) -> NoReturn:
    """End this process; one of several ends without the interpreter's own tidying up.

    gloo's threads outlive `destroy_process_group`, and what they let go of while the interpreter is taken
    down aborts the process (pull request 179291 of pytorch). Everything is written by then.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def alone(device: str = "auto", workers: int | None = None) -> Crew:
    """This process by itself. Raises ValueError when no such device answers."""
    device = chosen_device(device)
    return Crew(device=device, workers=_workers(workers, device))


def chosen_device(asked: str) -> str:
    """The device asked for; auto is a GPU where one answers. Raises ValueError when it does not."""
    gpus = torch.cuda.device_count()
    if asked == "auto":
        return "cuda" if gpus else "cpu"
    known = ["cpu", *(["cuda"] if gpus else []), *(f"cuda:{number}" for number in range(gpus))]
    if asked not in known:
        raise ValueError(f"--device {asked}: this machine has {', '.join(known)}")
    return asked


def _workers(asked: int | None, device: str) -> int:
    if asked is not None:
        return asked
    if device == "cpu":
        return 0
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min(MOST_WORKERS, len(os.sched_getaffinity(0)) // beside)
