"""The networks that finished runs left, one by one or as an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.vision.networks.ensemble import ReaderOrEnsemble
from worker.vision.networks.halves import round_to_half
from worker.vision.networks.reader import Reader
from worker.vision.networks.registry import TOGETHER, build_reader, together
from worker.vision.training.checkpoint import Options, load_best


@dataclass(frozen=True)
class Trained:
    """What one or several runs came to, as a release keeps it: weights rounded to halves.

    options  of the runs; what they show a network of an image is the same for all
    network  answers for all of them
    """

    options: tuple[Options, ...]
    network: ReaderOrEnsemble

    @property
    def architecture(self) -> str:
        return TOGETHER.join(options.arch for options in self.options)


def trained(runs: Sequence[Path]) -> Trained:
    """The networks of these runs; the first one sets how images are prepared.

    raises  OSError when a run has no weights yet, ValueError when they cannot read the same image together
    """
    options = tuple(Options.read(run) for run in runs)
    if len({(each.side, each.finds_limb, each.follows_limb) for each in options}) > 1:
        raise ValueError(
            "these runs see an image differently: one ensemble needs one --side, limb finding and --square"
        )
    readers = [_reader(run, each.arch) for run, each in zip(runs, options, strict=True)]
    return Trained(options, together([each.arch for each in options], readers))


def _reader(run: Path, arch: str) -> Reader:
    reader = build_reader(arch)
    load_best(run, reader)
    round_to_half(reader)  # the answers that tune a release shall be those of the weights it keeps
    return reader
