"""`./run predict`: read radiographs from the command line, with the same answers as the portal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.commands.files import Refusal, WorkingImage, read_image
from worker.intake.decoder import Decoder
from worker.vision.detector import Detector, Reading
from worker.vision.errors import VisionError
from worker.vision.overlay import picture_with_heatmap
from worker.vision.preprocess import Prepared
from worker.vision.shelf import default_release

GRADCAM = "gradcam"
KINDS = ("map", GRADCAM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every file was read, 1 when any was refused, 2 when the release cannot be used."""
    asked = _parser().parse_args(arguments)
    try:
        folder = asked.release or default_release()
        detector = Detector.load(folder, asked.device)
        heatmaps = _heatmaps(asked, folder, detector)
    except VisionError as failure:
        print(f"predict: {failure}", file=sys.stderr)
        return 2
    refused = 0
    with Decoder() as decoder:
        for number, path in enumerate(asked.images, start=1):
            image = read_image(path, decoder)
            refused += isinstance(image, Refusal)
            prepared = None if isinstance(image, Refusal) else _prepare(detector, image)
            reading = None if prepared is None else detector.read([prepared])[0]
            answer = answer_line(path, image, reading, detector.card.name)
            print(json.dumps(answer) if asked.json else _sentence(answer), flush=True)
            if heatmaps and isinstance(image, WorkingImage) and prepared is not None and reading is not None:
                heatmaps.write(f"{number:03}-{path.stem}.png", image, prepared, reading)
    return 1 if refused else 0


@dataclass(frozen=True)
class Heatmaps:
    """Writes images with their heatmaps: what the release was trained to show, or what else explains it."""

    folder: Path
    explain: Callable[[Prepared], NDArray[np.uint8]] | None

    def write(self, name: str, image: WorkingImage, prepared: Prepared, reading: Reading) -> None:
        heatmap = reading.heatmap
        if self.explain is not None and reading.probability is not None:
            heatmap = self.explain(prepared)
        picture = picture_with_heatmap(image.pixels, image.low, image.high, heatmap)
        (self.folder / name).write_bytes(picture)


def _heatmaps(asked: argparse.Namespace, release: Path, detector: Detector) -> Heatmaps | None:
    if asked.heatmap is None:
        return None
    folder = asked.out if asked.heatmap in KINDS else Path(asked.heatmap)
    folder.mkdir(parents=True, exist_ok=True)
    return Heatmaps(folder, _gradcam(release, detector) if asked.heatmap == GRADCAM else None)


def _gradcam(release: Path, detector: Detector) -> Callable[[Prepared], NDArray[np.uint8]]:
    try:
        from worker.vision.torch_engine import TorchEngine  # most who read on a CPU have no torch
    except ImportError as failure:
        raise VisionError("Grad-CAM needs torch, which is not installed: ./run install torch") from failure
    return TorchEngine(release, detector.card, detector.device).explain


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


def _prepare(detector: Detector, image: WorkingImage) -> Prepared:
    return detector.prepare(image.pixels, image.low, image.high)


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
        "--heatmap",
        metavar="map|gradcam|DIR",
        help="write each image with its heatmap: the map that the release was trained to draw, or Grad-CAM,"
        " which shows what raised the probability and is no probability itself (needs torch), into --out;"
        " or the map into DIR",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("heatmaps"), help="default: heatmaps")
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="default: GREENSTICK_RELEASE, else newest"
    )
    parser.add_argument("--device", default="cpu", help="cpu or, with torch installed, cuda:0")
    return parser


if __name__ == "__main__":
    sys.exit(main())
