"""`./run export`: a release's network in a format for other programs, checked against the release."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from worker.commands.ending import status_of
from worker.commands.files import Refusal, read_image
from worker.commands.found_files import FoundFiles
from worker.commands.named_release import detector_in
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
HELD_AT_ONCE = 64  # images that wait for others of their shape: a folder may hold thousands
MOST_NAMED = 3

Apart = Callable[[Sequence[Prepared]], float]


@dataclass
class Checked:
    """On how many images the two networks were compared, and how far apart their probabilities were."""

    images: int = 0
    refused: int = 0
    apart: list[float] = field(default_factory=list)  # at most, of some images each

    @property
    def furthest(self) -> float:
        return float(np.max(self.apart))  # not a number when any is none


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when the file is written and checked; 1 when it differs, or a file was refused; else 2."""
    asked = _parser().parse_args(arguments)
    fresh = asked.out.with_name(asked.out.name + ".new")
    files = FoundFiles(asked.images, [fresh])
    try:
        folder = asked.release or default_release()
        detector = detector_in(folder, engine="torch")
        original = TorchEngine(folder, detector.card, "cpu")
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        export_onnx(original.network, fresh)
        apart = _comparing(original, OnnxEngine(fresh), detector)
        checked = _checked(files, detector, apart) if asked.images else _checked_on_drawn(detector, apart)
        if not checked.furthest <= TOLERANCE:  # also when it is not a number
            print(
                f"export: nothing kept: its answers differ by {checked.furthest:.2g}, allowed is {TOLERANCE}",
                file=sys.stderr,
            )
            return 1
        fresh.replace(asked.out)
    except (VisionError, OSError, ValueError) as failure:
        print(f"export: {failure}", file=sys.stderr)
        return 2
    finally:
        with suppress(OSError):
            fresh.unlink()
    for empty in files.without_image:
        print(f"export: {empty}: there is no image in this folder", file=sys.stderr)
    on = _said_of(checked, asked.images)
    print(f"{asked.out}: {detector.card.name}, on {on} at most {checked.furthest:.2g} apart from torch")
    return 1 if checked.refused or files.without_image else 0


def _comparing(original: TorchEngine, exported: OnnxEngine, detector: Detector) -> Apart:
    """How far apart the two networks' probabilities for some images are at most."""

    def apart(prepared: Sequence[Prepared]) -> float:
        found = []
        for places in of_one_shape([image.tensor for image in prepared], BATCH):
            batch = np.stack([prepared[place].tensor for place in places])
            said = original.run(batch), exported.run(batch)
            found.append(furthest_apart(*said, detector.card.calibration))
        return float(np.max(found))

    return apart


def _checked_on_drawn(detector: Detector, apart: Apart) -> Checked:
    return Checked(apart=[apart([detector.prepare(golden_pixels(), 0, 4095)])])


def _checked(files: FoundFiles, detector: Detector, apart: Apart) -> Checked:
    """Raises ValueError when none of the files could be read."""
    checked, waiting = Checked(), list[Prepared]()
    with Decoder() as decoder:
        for file in files:
            image = file.refusal or read_image(file.path, decoder)
            if isinstance(image, Refusal):
                print(f"{file.path}: not read. {image.reason}", file=sys.stderr)
                checked.refused += 1
                continue
            checked.images += 1
            waiting.append(detector.prepare(image.pixels, image.low, image.high))
            if len(waiting) == HELD_AT_ONCE:
                checked.apart.append(apart(waiting))
                waiting.clear()
    if not checked.images:
        raise ValueError("none of the images could be read, so nothing was checked")
    if waiting:
        checked.apart.append(apart(waiting))
    return checked


def _said_of(checked: Checked, named: Sequence[Path]) -> str:
    if not named:
        return "a drawn forearm (no real image: name images or folders to check on those)"
    shown = [str(path) for path in named[:MOST_NAMED]]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{checked.images} image{'s' if checked.images > 1 else ''} ({', '.join(shown)}{more})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run export",
        description="Write the network of a release as one file for other programs, and check on images that"
        " it answers as the release does, within 0.001 of every probability; without that nothing is kept."
        " Input image (batch, 1, rows, columns), as the card prepares it; outputs logits, map, scope.",
    )
    parser.add_argument(
        "images",
        nargs="*",
        type=Path,
        metavar="IMAGE|DIR",
        help="to check with, of a folder every image below it; default: a drawn one",
    )
    parser.add_argument(
        "--release", type=Path, metavar="DIR", help="default: GREENSTICK_RELEASE, else newest"
    )
    parser.add_argument("--format", choices=("onnx",), default="onnx")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(status_of("export", main, "Nothing was kept: the same command begins anew."))
