"""What every release must do, whatever its architecture."""

from __future__ import annotations

from pathlib import Path

from tests.vision.limbs import limb
from worker.vision.card import ReleaseCard
from worker.vision.detector import Detector
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.parity import furthest_apart
from worker.vision.torch_engine import TorchEngine


def check_reads_alike_on_both_engines_and_explains_itself(release: Path) -> None:
    card, detector = ReleaseCard.read(release), Detector.load(release)
    image = detector.prepare(limb(), 0, 255)
    by_onnx, by_torch = OnnxEngine(release / "model.onnx"), TorchEngine(release, card, "cpu")
    batch = image.tensor[None]
    assert furthest_apart(by_onnx.run(batch), by_torch.run(batch), card.calibration) < 1e-3
    assert detector.read([image])[0].probability is not None
    assert by_torch.explain(image).shape == detector.read([image])[0].heatmap.shape
