"""How long one X-ray takes on one CPU thread, and how many a GPU reads in a second.

python -m benchmarks.reading [--release DIR] [--arch NAME ...] [--side 384 ...] [--runs 100]

Milliseconds are from the decoded array to the reading: preparing, network, heatmap, boxes. Decoding, which
another process does, is timed apart. A GPU, where there is one, reads batches of 32 in float32, copying
included. Without --arch the release is measured; an architecture is measured with random weights.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from benchmarks.stage import percentile, shipped_release, xrays
from worker.commands.files import WorkingImage, read_image
from worker.intake.decoder import Decoder
from worker.vision.card import ReleaseCard
from worker.vision.detector import Detector
from worker.vision.networks.registry import ARCHITECTURES, TOGETHER, build
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.torch_engine import TorchEngine
from worker.vision.training.onnx_export import export_onnx

BATCH = 32
PASSES = 20
WARM_UP = 3
PICTURES = 20
HEAD = "| network | side, px | parameters, M | p50, ms | p95, ms | GPU, images/s |\n|---|---|---|---|---|---|"


def main() -> None:
    options = _parser().parse_args()
    torch.set_num_threads(1)
    release = options.release or shipped_release()
    images, decode_ms = decoded(PICTURES)
    print(
        f"decoding (another process): {statistics.median(decode_ms):.0f} ms p50, {max(decode_ms):.0f} ms max"
    )
    print(HEAD)
    if not options.arch:
        print(release_row(release, images, options.runs))
    for name, side_px in itertools.product(options.arch, options.side):
        print(architecture_row(name, side_px, release, images, options.runs), flush=True)


def release_row(release: Path, images: Sequence[WorkingImage], runs: int) -> str:
    detector = Detector.load(release, engine="onnx", threads=1)
    network = TorchEngine(release, detector.card, "cpu").network
    return row(detector.card.name, detector, network, images, runs)


def architecture_row(
    name: str, side_px: int, release: Path, images: Sequence[WorkingImage], runs: int
) -> str:
    """An untrained network in the place of the release's."""
    scale = ARCHITECTURES[name.partition(TOGETHER)[0]].scale
    card = ReleaseCard.read(release)
    preprocessing = dataclasses.replace(
        card.preprocessing, side_px=side_px, mean=(scale.mean,), deviation=(scale.deviation,)
    )
    card = dataclasses.replace(card, architecture=name, preprocessing=preprocessing, least_scope=None)
    torch.manual_seed(0)
    network = build(name).eval()
    with tempfile.TemporaryDirectory(prefix="gs-bench-") as folder:
        model = Path(folder, "model.onnx")
        export_onnx(network, model)
        return row(name, Detector(card, OnnxEngine(model, threads=1)), network, images, runs)


def row(name: str, detector: Detector, network: nn.Module, images: Sequence[WorkingImage], runs: int) -> str:
    def read(number: int) -> None:
        image = images[number % len(images)]
        detector.read([detector.prepare(image.pixels, image.low, image.high)])

    milliseconds = timed(read, runs)
    side_px = detector.card.preprocessing.side_px
    parameters = sum(weights.numel() for weights in network.parameters()) / 1e6
    p50, p95 = (percentile(milliseconds, share) for share in (0.5, 0.95))
    gpu = f"{gpu_images_per_s(network, side_px):.0f}" if torch.cuda.is_available() else "no GPU"
    return f"| {name} | {side_px} | {parameters:.1f} | {p50:.0f} | {p95:.0f} | {gpu} |"


def timed(work: Callable[[int], None], runs: int) -> list[float]:
    """Milliseconds of each run after a few that do not count."""
    milliseconds = []
    for number in range(WARM_UP + runs):
        started = time.perf_counter()
        work(number)
        milliseconds.append(1000 * (time.perf_counter() - started))
    return milliseconds[WARM_UP:]


@torch.inference_mode()
def gpu_images_per_s(network: nn.Module, side_px: int) -> float:
    """As the torch engine reads: float32 without the ten-bit mantissas of TF32."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    on_gpu = network.eval().to("cuda")
    batch = torch.zeros(BATCH, 1, side_px, side_px)

    def read(_: int) -> None:
        for output in on_gpu(batch.to("cuda")):
            output.cpu()

    milliseconds = timed(read, PASSES)
    network.to("cpu")
    return 1000 * BATCH / statistics.median(milliseconds)


def decoded(count: int) -> tuple[list[WorkingImage], list[float]]:
    """X-rays as the intake hands them on, and the milliseconds that took each."""
    images, milliseconds = [], []
    with Decoder() as decoder, tempfile.TemporaryDirectory(prefix="gs-bench-") as folder:
        for content in xrays(count + 1):
            path = Path(folder, "xray")
            path.write_bytes(content)
            started = time.perf_counter()
            image = read_image(path, decoder)
            milliseconds.append(1000 * (time.perf_counter() - started))
            assert isinstance(image, WorkingImage)
            images.append(image)
    return images[1:], milliseconds[1:]  # the first also starts the decoder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--release", type=Path, default=None)
    parser.add_argument("--arch", nargs="+", metavar="NAME", default=[], help="joined by + too")
    parser.add_argument("--side", nargs="+", type=int, default=[384])
    parser.add_argument("--runs", type=int, default=100)
    return parser


if __name__ == "__main__":
    main()
