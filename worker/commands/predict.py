"""`./run predict`: read radiographs from the command line, with the same answers as the portal."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portal.queries.cautions import cautions_beside
from worker.commands.answer_table import STANDARD_OUTPUT, AnswerTable, TableOverImage, answer_table
from worker.commands.ending import status_of
from worker.commands.files import Refusal, WorkingImage, read_image
from worker.commands.found_files import FoundFiles
from worker.commands.named_release import detector_in
from worker.commands.overlay_folder import KINDS, OverlayFolder, PicturesAmongImages, picture_name
from worker.intake.decoder import Decoder
from worker.vision.card import ReleaseCard, card_json
from worker.vision.detector import Detector, Reading
from worker.vision.errors import VisionError
from worker.vision.overlay import LONGEST_PICTURE_PX
from worker.vision.shelf import default_release

DRAWN_INTO = Path("heatmaps")

Answer = dict[str, Any]
Teller = Callable[[Answer], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when all was read, 1 when a file was refused or a folder held no image, 2 when stopped."""
    asked = _asked(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name need not be text
    try:
        release = asked.release or default_release()
        detector = detector_in(release, asked.device)
        overlays = _overlays(asked, release, detector)
        if overlays:
            overlays.keep_apart_from(asked.files)
        files = FoundFiles(asked.files, _written(asked, overlays))
        with answer_table(asked.csv) if asked.csv else nullcontext() as table:
            refused = _read(files, detector, overlays, _tellers(asked, table))
    except (VisionError, OSError, PicturesAmongImages, TableOverImage) as failure:
        print(f"predict: {failure}", file=sys.stderr)
        return 2
    for remark in _remarks(files, overlays):
        print(f"predict: {remark}", file=sys.stderr)
    return 1 if refused or files.without_image else 0


def _read(
    files: FoundFiles, detector: Detector, overlays: OverlayFolder | None, tellers: Sequence[Teller]
) -> int:
    """Read and answer one file after the other; how many were refused."""
    refused = 0
    with Decoder() as decoder:
        for number, file in enumerate(files, start=1):
            image = file.refusal or read_image(file.path, decoder)
            reading = None
            if isinstance(image, Refusal):
                refused += 1
            else:
                prepared = detector.prepare(image.pixels, image.low, image.high)
                reading = detector.read([prepared])[0]
                if overlays:
                    overlays.write(picture_name(number, file), image, prepared, reading)
            answer = answer_line(file.path, image, reading, detector.card)
            for tell in tellers:
                tell(answer)
    return refused


def answer_line(
    path: Path, image: WorkingImage | Refusal, reading: Reading | None, card: ReleaseCard
) -> Answer:
    """The answer as the JSON line that scripts rely on."""
    return {
        "file": str(path),
        "probability": None if reading is None else reading.probability,
        "verdict": None if reading is None else reading.verdict,
        "refusal": asdict(image) if isinstance(image, Refusal) else None,
        "boxes": [] if reading is None else [asdict(box) for box in reading.boxes],
        "cautions": _cautions(image, reading, card),
        "release": card.name,
    }


def _cautions(image: WorkingImage | Refusal, reading: Reading | None, card: ReleaseCard) -> list[str]:
    if isinstance(image, Refusal) or reading is None:
        return []
    has_probability = reading.probability is not None
    return list(cautions_beside(card_json(card), image.flags, [image.body_part], has_probability))


def _overlays(asked: argparse.Namespace, release: Path, detector: Detector) -> OverlayFolder | None:
    if not asked.overlay:
        return None
    return OverlayFolder.of(asked.overlay, asked.out or DRAWN_INTO, release, detector)


def _written(asked: argparse.Namespace, overlays: OverlayFolder | None) -> list[Path]:
    """What this run makes and must not read."""
    pictures = [overlays.folder] if overlays else []
    return pictures if asked.csv in (None, STANDARD_OUTPUT) else [*pictures, Path(asked.csv)]


def _tellers(asked: argparse.Namespace, table: AnswerTable | None) -> list[Teller]:
    """What is to become of each answer: standard output has one form, a table in a file comes beside it."""
    tellers: list[Teller] = [table.write] if table else []
    if asked.json:
        tellers.append(_print_json)
    elif asked.csv != STANDARD_OUTPUT:
        tellers.append(_print_sentence)
    return tellers


def _print_json(answer: Answer) -> None:
    print(json.dumps(answer), flush=True)


def _print_sentence(answer: Answer) -> None:
    print(_sentence(answer), flush=True)


def _sentence(answer: Answer) -> str:
    if answer["refusal"] is not None:
        return f"{answer['file']}: not read. {answer['refusal']['reason']}"
    cautions = "".join(f". Caution: {caution.removesuffix('.')}" for caution in answer["cautions"])
    if answer["probability"] is None:
        return f"{answer['file']}: {answer['verdict']}{cautions}"
    boxes = len(answer["boxes"])
    marked = f", {boxes} place{'s' if boxes > 1 else ''} marked" if boxes else ""
    return f"{answer['file']}: {answer['verdict']}, probability {answer['probability']:.3f}{marked}{cautions}"


def _remarks(files: FoundFiles, overlays: OverlayFolder | None) -> Iterator[str]:
    for folder in files.without_image:
        yield f"{folder}: there is no image in this folder"
    if files.passed_over:
        count = f"{files.passed_over} file{'s' if files.passed_over > 1 else ''}"
        yield f"{count} of no image kind passed over; name one as a file to be told why"
    if overlays and (older := overlays.older()):
        yield f"{overlays.folder} also holds pictures of an earlier run ({older}), numbered as these are"


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.json and asked.csv == STANDARD_OUTPUT:
        parser.error("--json and --csv - both want standard output: name a file after --csv")
    if asked.out is not None and asked.overlay not in KINDS:
        parser.error("--out is where --overlay map or --overlay gradcam draws: name one of them too")
    return asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run predict",
        description="Read radiographs (JPEG, PNG, TIFF, DICOM). Decision support, not a diagnosis.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="IMAGE|DIR",
        help="a folder is read with all folders below it, without hidden ones and files of no image kind",
    )
    parser.add_argument("--json", action="store_true", help="one JSON line per file, in order")
    parser.add_argument(
        "--csv",
        metavar="FILE",
        help="also write a table, one row per file, kept when interrupted; - is standard output, without the"
        " sentences",
    )
    parser.add_argument(
        "--overlay",
        "--heatmap",
        metavar="DIR|map|gradcam",
        help="write each image that got a probability into DIR, under its heatmap and boxes (dotted: it is"
        " doubt, or no place passed the threshold and the hottest is shown), at most"
        f" {LONGEST_PICTURE_PX} px a side; or choose the heatmap, for --out: the map that the release was"
        " trained to draw, or Grad-CAM, which shows what raised the probability and is no probability itself"
        " (needs torch). --heatmap is the same option",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"of the heatmaps; default: {DRAWN_INTO}")
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="default: GREENSTICK_RELEASE, else newest"
    )
    parser.add_argument("--device", default="cpu", help="cpu or, with torch installed, cuda:0")
    return parser


if __name__ == "__main__":
    sys.exit(status_of("predict", main, "What was said stands: name the files that are left."))
