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
from worker.commands.overlay_folder import OverlayFolder
from worker.intake.decoder import Decoder
from worker.vision.detector import Detector, Reading
from worker.vision.errors import VisionError
from worker.vision.overlay import LONGEST_PICTURE_PX
from worker.vision.shelf import default_release


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every file was read, 1 when any was refused, 2 when the release cannot be used."""
    asked = _parser().parse_args(arguments)
    try:
        folder = asked.release or default_release()
        detector = Detector.load(folder, asked.device)
        overlays = asked.overlay and OverlayFolder.of(asked.overlay, asked.out, folder, detector)
    except (VisionError, OSError) as failure:
        print(f"predict: {failure}", file=sys.stderr)
        return 2
    refused = 0
    with Decoder() as decoder:
        for number, path in enumerate(asked.images, start=1):
            image = read_image(path, decoder)
            reading = None
            if isinstance(image, Refusal):
                refused += 1
            else:
                prepared = detector.prepare(image.pixels, image.low, image.high)
                reading = detector.read([prepared])[0]
                if overlays:
                    overlays.write(f"{number:03}-{path.stem}.png", image, prepared, reading)
            answer = answer_line(path, image, reading, detector.card.name)
            print(json.dumps(answer) if asked.json else _sentence(answer), flush=True)
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
    parser.add_argument(
        "--overlay",
        "--heatmap",
        metavar="DIR|map|gradcam",
        help="write each image that got a probability into DIR, under its heatmap and boxes (dotted ones are"
        f" less certain), at most {LONGEST_PICTURE_PX} px a side; or choose the heatmap, for --out: the map"
        " that the release was trained to draw, or Grad-CAM, which shows what raised the probability and is"
        " no probability itself (needs torch). --heatmap is the same option",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("heatmaps"), help="default: heatmaps")
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="default: GREENSTICK_RELEASE, else newest"
    )
    parser.add_argument("--device", default="cpu", help="cpu or, with torch installed, cuda:0")
    return parser


if __name__ == "__main__":
    sys.exit(main())
