"""`./run predict`: read radiographs from the command line, with the same answers as the portal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from worker.commands.files import Refusal, WorkingImage, read_image
from worker.intake.decoder import Decoder
from worker.vision.detector import Detector, Reading
from worker.vision.errors import VisionError
from worker.vision.overlay import picture_with_heatmap
from worker.vision.shelf import default_release


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every file was read, 1 when any was refused, 2 when the release cannot be used."""
    asked = _parser().parse_args(arguments)
    try:
        detector = Detector.load(asked.release or default_release(), asked.device)
    except VisionError as failure:
        print(f"predict: {failure}", file=sys.stderr)
        return 2
    if asked.heatmap is not None:
        asked.heatmap.mkdir(parents=True, exist_ok=True)
    refused = 0
    with Decoder() as decoder:
        for number, path in enumerate(asked.images, start=1):
            image = read_image(path, decoder)
            refused += isinstance(image, Refusal)
            reading = None if isinstance(image, Refusal) else _read(detector, image)
            answer = answer_line(path, image, reading, detector.card.name)
            print(json.dumps(answer) if asked.json else _sentence(answer), flush=True)
            if asked.heatmap is not None and isinstance(image, WorkingImage) and reading is not None:
                picture = picture_with_heatmap(image.pixels, image.low, image.high, reading.heatmap)
                (asked.heatmap / f"{number:03}-{path.stem}.png").write_bytes(picture)
    return 1 if refused else 0


def answer_line(
    path: Path, image: WorkingImage | Refusal, reading: Reading | None, release: str
) -> dict[str, Any]:
    """The answer as the JSON line that scripts rely on."""
    return {
        "file": str(path),
        "probability": None if reading is None else reading.probability,
        "verdict": None if reading is None else reading.verdict,
        "refusal": asdict(image) if isinstance(image, Refusal) else None,
        "boxes": [] if reading is None else [asdict(box) for box in reading.boxes],
        "release": release,
    }


def _read(detector: Detector, image: WorkingImage) -> Reading:
    return detector.read([detector.prepare(image.pixels, image.low, image.high)])[0]


def _sentence(answer: dict[str, Any]) -> str:
    if answer["refusal"] is not None:
        return f"{answer['file']}: not read. {answer['refusal']['reason']}"
    if answer["probability"] is None:
        return f"{answer['file']}: {answer['verdict']}"
    boxes = len(answer["boxes"])
    marked = f", {boxes} place{'s' if boxes > 1 else ''} marked" if boxes else ""
    return f"{answer['file']}: {answer['verdict']}, probability {answer['probability']:.3f}{marked}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run predict",
        description="Read radiographs (JPEG, PNG, TIFF, DICOM). Decision support, not a diagnosis.",
    )
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--json", action="store_true", help="one JSON line per file, in order")
    parser.add_argument("--heatmap", type=Path, metavar="DIR", help="write each image with its heatmap here")
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="default: GREENSTICK_RELEASE, else newest"
    )
    parser.add_argument("--device", default="cpu", help="cpu or, with torch installed, cuda:0")
    return parser


if __name__ == "__main__":
    sys.exit(main())
