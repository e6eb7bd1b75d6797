"""`./run compare`: how two releases differ on the same labelled radiographs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from worker.commands.ending import status_of
from worker.commands.judging import judge_each
from worker.commands.named_release import detector_in
from worker.vision.card import ReleaseCard
from worker.vision.errors import VisionError
from worker.vision.evaluation.comparison import comparison_of, comparison_text, shared
from worker.vision.evaluation.seen import fold_held_back, seen_by, seen_text
from worker.vision.manifest import Row, read_manifest, rows_in


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every image was read, 1 when any was refused, 2 when nothing could be compared."""
    asked = _parser().parse_args(arguments)
    try:
        detectors = [detector_in(folder, asked.device, asked.engine) for folder in (asked.a, asked.b)]
        cards = detectors[0].card, detectors[1].card
        rows = read_manifest(asked.manifest)
        folds = _folds(asked.fold, cards, rows)
        chosen = rows_in(rows, folds, asked.manifest)
        for card in cards:
            print(f"{card.name}: {seen_text(seen_by(card, rows, chosen))}", file=sys.stderr)
        first, second = judge_each(detectors, chosen)
    except (VisionError, OSError, ValueError) as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return 2
    both = shared(first.outcomes, second.outcomes)
    if not both[0]:
        print("compare: no image of the manifest was read by both", file=sys.stderr)
        return 2
    names = cards[0].name, cards[1].name
    comparison = comparison_of(both, names, folds, len(chosen))
    print(json.dumps(comparison.to_json()) if asked.json else comparison_text(comparison))
    return 1 if first.refused else 0


def _folds(fold: int | None, cards: tuple[ReleaseCard, ReleaseCard], rows: Sequence[Row]) -> list[int] | None:
    """The fold asked for, else the one that both releases held back, else every row."""
    if fold is not None:
        return [fold]
    first, second = map(fold_held_back, cards)
    if first is not None and first == second and first in {row.fold for row in rows}:
        print(f"comparing on fold {first}, which both cards say was held back", file=sys.stderr)
        return [first]
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run compare",
        description="Compare two releases on a manifest (as ./run evaluate takes it): each measure of both,"
        " and B less A with its 95 % interval. Images that either calls out of scope are left out. Both are"
        " judged on every resample of patient groups, so that what they share cancels. A release that was"
        " trained on these images looks better than it is.",
    )
    parser.add_argument(
        "a", type=Path, metavar="A", help="folder of a release, such as releases/greenstick-1"
    )
    parser.add_argument("b", type=Path, metavar="B", help="folder of the other")
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.csv")
    parser.add_argument("--fold", type=int, help="default: the fold that both held back, if it is the same")
    parser.add_argument("--engine", choices=("auto", "onnx", "torch"), default="auto")
    parser.add_argument("--device", default="cpu", help="cpu or, with the torch engine, cuda:0")
    parser.add_argument("--json", action="store_true", help="the comparison as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(status_of("compare", main, "Nothing was compared: the same command begins anew."))
