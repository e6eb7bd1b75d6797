"""How a run came about: the runs whose weights it went on from, and what the first of them started from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from worker.vision.card import ReleaseCard, file_sha256
from worker.vision.errors import BadRelease
from worker.vision.training.checkpoint import BEST_FILE, OPTIONS_FILE, Options, environment_of


@dataclass(frozen=True)
class Lineage:
    """The run first, then each that came before it, as far as that can be told.

    start_sha256  of the file that the earliest run started from, empty when it is gone; None: random weights
    release       whose weights that file holds, where its card lies beside it
    """

    runs: tuple[Options, ...]
    start_sha256: str | None
    release: ReleaseCard | None = None


def lineage_of(run: Path) -> Lineage:
    """Raises OSError and ValueError when `run` itself holds no run."""
    runs: list[Options] = []
    while True:
        options, kept_sha256 = Options.read(run), environment_of(run).get("weights_sha256")
        runs.append(options)
        if options.weights is None:
            return Lineage(tuple(runs), None)
        weights = Path(options.weights)
        found_sha256 = file_sha256(weights) if weights.is_file() else ""
        if not found_sha256 or kept_sha256 not in (None, found_sha256):
            # Gone or replaced since: what lies beside the file now is not what this run went on from.
            return Lineage(tuple(runs), kept_sha256 or "")
        earlier = weights.parent
        is_run = weights.name == BEST_FILE and (earlier / OPTIONS_FILE).is_file()
        if not is_run or Options.read(earlier) in runs:
            return Lineage(tuple(runs), found_sha256, _card_beside(weights, found_sha256))
        run = earlier


def _card_beside(weights: Path, sha256: str) -> ReleaseCard | None:
    """The card of the release whose weights these are; None when they are no release's."""
    try:
        card = ReleaseCard.read(weights.parent)
    except BadRelease:
        return None
    return card if card.weights_sha256 == sha256 else None
