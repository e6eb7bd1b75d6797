"""The networks that finished runs left, one by one or together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.vision.networks.halves import round_to_half
from worker.vision.networks.registry import TOGETHER, Network, Trainable, build_trainable, together
from worker.vision.training.checkpoint import Options, epochs_of, load_best
from worker.vision.training.lineage import run_of


@dataclass(frozen=True)
class Trained:
    """What one or several runs came to, as a release keeps it: weights rounded to halves.

    options  of the runs; what they show a network of an image is the same for all
    network  answers for all of them
    """

    options: tuple[Options, ...]
    network: Network

    @property
    def architecture(self) -> str:
        return TOGETHER.join(options.arch for options in self.options)


def trained(runs: Sequence[Path]) -> Trained:
    """The networks of these runs; the first one sets how images are prepared.

    raises  OSError when there is no such run, ValueError when one is still learning, when they cannot read
            the same image together, or one looks at places that none before it tells
    """
    options = tuple(Options.read(run) for run in runs)
    if len({(each.side, each.finds_limb, each.follows_limb) for each in options}) > 1:
        raise ValueError(
            "these runs see an image differently: together they need one --side, limb finding and --square"
        )
    refuse_unfinished(runs)
    networks = [_network(run, each.arch) for run, each in zip(runs, options, strict=True)]
    return Trained(options, together([each.arch for each in options], networks))


def refuse_unfinished(runs: Sequence[Path]) -> None:
    """Raises ValueError for a run that learnt nothing, or keeps its last weights, which are still to come.

    One that keeps the best by a tuning fold may be stopped after any epoch.
    """
    for run in runs:
        options, done = Options.read(run), epochs_of(run)["epochs_done"]
        if done == 0 or (options.fold_tune is None and done < options.epochs):
            raise ValueError(f"{run} has learnt {done} of {options.epochs} epochs: finish its training first")


def refuse_unfinished_start(weights: Path) -> None:
    """Raises ValueError when a training would start from the weights of a run that is still learning."""
    if (run := run_of(weights)) is not None:
        refuse_unfinished([run])


def _network(run: Path, arch: str) -> Trainable:
    network = build_trainable(arch)
    load_best(run, network)
    round_to_half(network)  # the answers that tune a release shall be those of the weights it keeps
    return network
