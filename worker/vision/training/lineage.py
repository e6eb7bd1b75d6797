"""How a run came about: the runs whose weights it went on from, and what the first of them started from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.vision.card import ReleaseCard, file_sha256
from worker.vision.errors import BadRelease
from worker.vision.evaluation.seen import folds_trained_on, folds_tuned_on, members_of
from worker.vision.manifest import read_manifest
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
        earlier = run_of(weights)
        if earlier is None or Options.read(earlier) in runs:
            return Lineage(tuple(runs), found_sha256, _card_beside(weights, found_sha256))
        run = earlier


def run_of(weights: Path) -> Path | None:
    """The run that keeps its weights in this file; None when it is no run's."""
    is_run = weights.name == BEST_FILE and (weights.parent / OPTIONS_FILE).is_file()
    return weights.parent if is_run else None


def lineage_of_weights(weights: Path) -> Lineage:
    """That of a training which would go on from this file. Raises OSError and ValueError."""
    if (run := run_of(weights)) is not None:
        return lineage_of(run)
    if not weights.is_file():
        raise FileNotFoundError(f"there are no weights at {weights}")
    sha256 = file_sha256(weights)
    return Lineage((), sha256, _card_beside(weights, sha256))


def folds_trained(runs: Iterable[Options], manifest: Path, text: str | None = None) -> set[int]:
    """The folds of a list that any of these runs was trained on.

    text  of the manifest, where it is not written yet
    """
    return {fold for options in _of_list(runs, manifest, text) for fold in options.folds_train}


def folds_seen(runs: Sequence[Options], manifest: Path, text: str | None = None) -> set[int]:
    """Those, and the folds by which any of the runs chose its weights."""
    chosen_by = {options.fold_tune for options in _of_list(runs, manifest, text)}
    return folds_trained(runs, manifest, text) | {fold for fold in chosen_by if fold is not None}


def folds_of_places(runs: Iterable[Options], manifest: Path) -> set[int]:
    """The folds of a list that those networks saw which told the closers among these runs where to look.

    They never saw the images in which they found places, but those of all other folds, with their labels. Of
    networks that are gone every fold counts.
    """
    found: set[int] = set()
    for options in _of_list(runs, manifest, None):
        if options.places_of is None:
            continue
        try:
            for fold in options.folds_train:
                told_by = lineage_of(Path(options.places_of, f"fold-{fold}"))
                found |= folds_seen(told_by.runs, manifest)
        except FileNotFoundError:
            found |= {row.fold for row in read_manifest(manifest) if row.fold is not None}
    return found


def folds_seen_by_release(release: ReleaseCard | None, list_sha256: str | None) -> set[int] | None:
    """The folds of a list that a release saw which a run started from; None when its card cannot tell."""
    if release is None:
        return set()
    lists = {member.get("list_sha256") for member in members_of(release)}
    if list_sha256 is None or lists != {list_sha256}:
        return None
    return folds_trained_on(release) | folds_tuned_on(release)


def _of_list(runs: Iterable[Options], manifest: Path, text: str | None) -> Iterator[Options]:
    """The runs that this list was given to, or a copy: a folder of images is listed anew for each run."""
    content = manifest.read_bytes() if text is None else text.encode("utf-8")
    for options in runs:
        other = Path(options.manifest)
        if other.absolute() == manifest.absolute() or (other.is_file() and other.read_bytes() == content):
            yield options


def _card_beside(weights: Path, sha256: str) -> ReleaseCard | None:
    """The card of the release whose weights these are; None when they are no release's."""
    try:
        card = ReleaseCard.read(weights.parent)
    except BadRelease:
        return None
    return card if card.weights_sha256 == sha256 else None
