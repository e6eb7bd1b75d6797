"""`./run export`: a release's network in a format for other programs, checked against the release."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from worker.commands.files import Refusal, read_image
from worker.intake.decoder import Decoder
from worker.vision.detector import Detector
from worker.vision.errors import VisionError
from worker.vision.golden import golden_pixels
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.parity import TOLERANCE, furthest_apart
from worker.vision.passes import of_one_shape
from worker.vision.preprocess import Prepared
from worker.vision.shelf import default_release
from worker.vision.torch_engine import TorchEngine
from worker.vision.training.onnx_export import export_onnx

BATCH = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when the file is written and checked, 1 when it differs or an image was refused, else 2."""
    asked = _parser().parse_args(arguments)
    try:
        folder = asked.release or default_release()
        detector = Detector.load(folder, engine="torch")
        prepared, refused = _prepared(detector, asked.images)
        original = TorchEngine(folder, detector.card, "cpu")
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        fresh = asked.out.with_name(asked.out.name + ".new")
        export_onnx(original.network, fresh)
        furthest = _furthest(original, OnnxEngine(fresh), prepared, detector)
    except (VisionError, OSError, ValueError) as failure:
        print(f"export: {failure}", file=sys.stderr)
        return 2
    if not furthest <= TOLERANCE:  # also when it is not a number
        fresh.unlink()
        print(
            f"export: nothing kept: its answers differ by {furthest:.2g}, allowed is {TOLERANCE}",
            file=sys.stderr,
        )
        return 1
    fresh.replace(asked.out)
    checked = (
        f"{len(prepared)} image{'s' if len(prepared) > 1 else ''}" if asked.images else "a drawn forearm"
    )
    print(f"{asked.out}: {detector.card.name}, on {checked} at most {furthest:.2g} apart from torch")
    return 1 if refused else 0


def _prepared(detector: Detector, paths: Sequence[Path]) -> tuple[list[Prepared], int]:
    """The images ready for the network, or a drawn one when none is given; and how many were refused."""
    if not paths:
        return [detector.prepare(golden_pixels(), 0, 4095)], 0
    prepared, refused = [], 0
    with Decoder() as decoder:
        for path in paths:
            image = read_image(path, decoder)
            if isinstance(image, Refusal):
                print(f"{path}: not read. {image.reason}", file=sys.stderr)
                refused += 1
            else:
                prepared.append(detector.prepare(image.pixels, image.low, image.high))
    if not prepared:
        raise ValueError("none of the images could be read, so nothing was checked")
    return prepared, refused


def _furthest(
    original: TorchEngine, exported: OnnxEngine, prepared: Sequence[Prepared], detector: Detector
) -> float:
    apart = []
    for places in of_one_shape([image.tensor for image in prepared], BATCH):
        batch = np.stack([prepared[place].tensor for place in places])
        apart.append(furthest_apart(original.run(batch), exported.run(batch), detector.card.calibration))
    return float(np.max(apart))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run export",
        description="Write the network of a release as one file for other programs, and check on images that"
        " it answers as the release does, within 0.001 of every probability; without that nothing is kept."
        " Input image (batch, 1, rows, columns), as the card prepares it; outputs logits, map, scope.",
    )
    parser.add_argument(
        "images", nargs="*", type=Path, metavar="IMAGE", help="to check with; default: a drawn one"
    )
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="default: GREENSTICK_RELEASE, else newest"
    )
    parser.add_argument("--format", choices=("onnx",), default="onnx")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
