"""`./run evaluate`: judge a release on labelled radiographs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from worker.commands.ending import status_of
from worker.commands.evaluation_folder import write_out
from worker.commands.judging import judge
from worker.commands.named_release import detector_in
from worker.commands.recording import record, refuse_to_record
from worker.vision.card import ReleaseCard
from worker.vision.errors import VisionError
from worker.vision.evaluation.report import report_on
from worker.vision.evaluation.report_text import as_text
from worker.vision.evaluation.seen import fold_held_back, seen_by, seen_text
from worker.vision.manifest import Row, read_manifest, rows_in
from worker.vision.shelf import default_release


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every image was read, 1 when any was refused, 2 when nothing could be judged."""
    asked = _parser().parse_args(arguments)
    try:
        folder = asked.release or default_release()
        detector = detector_in(folder, asked.device, asked.engine)
        rows = read_manifest(asked.manifest)
        folds = _folds(asked, detector.card, rows)
        chosen = rows_in(rows, folds, asked.manifest)
        if asked.record:
            refuse_to_record(detector.card, rows, chosen)
        seen = seen_by(detector.card, rows, chosen)
        print(seen_text(seen), file=sys.stderr)
        if asked.out is not None:
            asked.out.mkdir(parents=True, exist_ok=True)  # that it cannot be made is told before the reading
        judged = judge(detector, chosen)
    except (VisionError, OSError, ValueError) as failure:
        print(f"evaluate: {failure}", file=sys.stderr)
        return 2
    if not judged.outcomes:
        print("evaluate: no image of the manifest was read", file=sys.stderr)
        return 2
    report = report_on(
        judged.outcomes,
        detector.card.name,
        seen,
        folds,
        detector.card.operating_points,
        None if detector.card.least_scope is None else len(judged.out_of_scope),
        len(judged.refused),
    )
    status = 1 if judged.refused else 0
    try:
        if asked.record:
            record(folder, report)
        if asked.out is not None:
            write_out(asked.out, judged.outcomes, report, _about(detector.card))
    except OSError as failure:  # the figures, which took long, are told all the same
        print(f"evaluate: {failure}", file=sys.stderr)
        status = 2
    print(json.dumps(report.to_json()) if asked.json else as_text(report))
    return status


def _folds(asked: argparse.Namespace, card: ReleaseCard, rows: Sequence[Row]) -> list[int] | None:
    """The fold asked for, else the one that the card says was held back, else every row."""
    if asked.fold is not None:
        return [asked.fold]
    held_back = fold_held_back(card)
    if asked.all or held_back is None or held_back not in {row.fold for row in rows}:
        return None
    print(f"judging fold {held_back}, which the card says was held back", file=sys.stderr)
    return [held_back]


def _about(card: ReleaseCard) -> str:
    return f"{card.architecture}, released {card.created}, weights {card.weights_sha256[:16]}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run evaluate",
        description="Judge a release on a manifest: CSV with image, label and optionally body_part, boxes,"
        " group, fold, hardware; image paths relative to the manifest. --out also writes report.html, which"
        " holds everything in one file: measures with 95 % intervals, also by body part and hardware,"
        " verdicts, diagrams, and the worst errors. It shows images of patients: keep it where those may be.",
    )
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.csv")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--fold", type=int, help="default: the fold that the release held back, if named")
    which.add_argument("--all", action="store_true", help="every row, whatever its fold")
    parser.add_argument("--engine", choices=("auto", "onnx", "torch"), default="auto")
    parser.add_argument("--device", default="cpu", help="cpu or, with the torch engine, cuda:0")
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="default: GREENSTICK_RELEASE, else newest"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write the report (HTML, JSON), predictions and diagrams here"
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument(
        "--record",
        action="store_true",
        help="write the measures into the release's card; refused for images that it was trained or tuned on",
    )
    return parser


if __name__ == "__main__":
    sys.exit(status_of("evaluate", main, "Nothing was judged: the same command begins anew."))
