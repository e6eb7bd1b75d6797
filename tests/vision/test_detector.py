from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.limbs import broken_limb, limb
from worker.vision.card import OperatingPoints
from worker.vision.detector import Detector, Reading
from worker.vision.engine import Outputs
from worker.vision.errors import BrokenOutput
from worker.vision.heatmap import LONG_SIDE_PX
from worker.vision.preprocess import Pixels
from worker.vision.verdicts import VERDICTS, verdict_of

PICTURES: list[Pixels] = [
    limb(),
    broken_limb(),
    limb(300, 200, light=0.2),
    np.full((60, 60), 9, np.uint8),
    limb(90, 500).astype(np.uint16),
]


class FixedEngine:
    """Answers what it is told, for every image."""

    device = "cpu"

    def __init__(self, logit: float = 0.0, cell: float = 0.0, scope: float = 5.0) -> None:
        self.logit, self.cell, self.scope = logit, cell, scope

    def run(self, batch: NDArray[np.float32]) -> Outputs:
        def filled(value: float, *shape: int) -> NDArray[np.float32]:
            return np.full((len(batch), *shape), value, np.float32)

        return Outputs(filled(self.logit), filled(self.cell, 8, 8), filled(self.scope))


def read(detector: Detector, pictures: Sequence[Pixels]) -> list[Reading]:
    return detector.read([detector.prepare(picture, 0, 255) for picture in pictures])


def test_reading_is_complete_and_in_range(tiny: Detector) -> None:
    for picture, reading in zip(PICTURES, read(tiny, PICTURES), strict=True):
        height, width = picture.shape
        assert reading.probability is not None
        assert 0 <= reading.probability <= 1
        assert reading.verdict in VERDICTS
        assert reading.heatmap.dtype == np.uint8
        assert max(reading.heatmap.shape) == LONG_SIDE_PX
        assert reading.heatmap.shape[0] / reading.heatmap.shape[1] == pytest.approx(height / width, rel=0.05)
        for box in reading.boxes:
            assert 0 <= box.x <= box.x + box.width <= width + 0.1
            assert 0 <= box.y <= box.y + box.height <= height + 0.1
            assert 0 <= box.score <= 1


def test_image_alone_gets_the_answer_that_it_gets_in_a_batch(tiny: Detector) -> None:
    together = read(tiny, PICTURES)
    for picture, in_batch in zip(PICTURES, together, strict=True):
        alone = read(tiny, [picture])[0]
        assert alone.probability == pytest.approx(in_batch.probability, abs=1e-6)
        assert alone.verdict == in_batch.verdict
        assert np.abs(alone.heatmap.astype(int) - in_batch.heatmap).max() <= 1


def test_order_of_a_batch_is_kept(tiny: Detector) -> None:
    forwards, backwards = read(tiny, PICTURES), read(tiny, PICTURES[::-1])[::-1]
    assert [r.probability for r in forwards] == pytest.approx([r.probability for r in backwards], abs=1e-6)


def test_empty_batch_gives_no_reading(tiny: Detector) -> None:
    assert tiny.read([]) == []


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
@pytest.mark.parametrize("where", ["logit", "cell", "scope"])
def test_answer_that_is_no_number_is_an_error_and_no_score(where: str, broken: float, tiny: Detector) -> None:
    detector = Detector(tiny.card, FixedEngine(**{where: broken}))
    with pytest.raises(BrokenOutput):
        read(detector, [limb()])


def test_no_fracture_has_no_boxes_however_hot_the_map(tiny: Detector) -> None:
    reading = read(Detector(tiny.card, FixedEngine(logit=-9, cell=9)), [limb()])[0]
    assert (reading.verdict, reading.boxes) == ("no fracture", ())


@pytest.mark.parametrize(("logit", "verdict", "kind"), [(9.0, "fracture", "solid"), (0.0, "doubt", "dotted")])
def test_boxes_are_solid_only_for_a_fracture(logit: float, verdict: str, kind: str, tiny: Detector) -> None:
    reading = read(Detector(tiny.card, FixedEngine(logit=logit, cell=9)), [limb()])[0]
    assert reading.verdict == verdict
    assert [box.kind for box in reading.boxes] == [kind]


@pytest.mark.parametrize(("logit", "verdict"), [(9.0, "fracture"), (0.0, "doubt")])
def test_verdict_without_a_hot_place_gets_its_hottest_as_one_dotted_box(
    logit: float, verdict: str, tiny: Detector
) -> None:
    class LukewarmSpot(FixedEngine):
        def run(self, batch: NDArray[np.float32]) -> Outputs:
            outputs = super().run(batch)
            outputs.maps[:] = -6
            outputs.maps[:, 4, 4] = -2
            return outputs

    reading = read(Detector(tiny.card, LukewarmSpot(logit=logit)), [limb()])[0]
    assert reading.verdict == verdict
    (box,) = reading.boxes
    assert (box.kind, box.score < tiny.card.box_threshold) == ("dotted", True)


def test_image_out_of_scope_carries_no_probability(tiny: Detector) -> None:
    card = replace(tiny.card, least_scope=0.5)
    reading = read(Detector(card, FixedEngine(logit=9, cell=9, scope=-0.1)), [limb()])[0]
    assert (reading.probability, reading.verdict, reading.boxes) == (None, "out of scope", ())
    assert not reading.heatmap.any()
    assert read(Detector(card, FixedEngine(scope=0.1)), [limb()])[0].probability is not None


def test_verdict_changes_exactly_at_the_operating_points() -> None:
    points = OperatingPoints(0.2, 0.7)
    assert [verdict_of(p, points) for p in (0.0, 0.1999, 0.2, 0.6999, 0.7, 1.0)] == [
        "no fracture",
        "no fracture",
        "doubt",
        "doubt",
        "fracture",
        "fracture",
    ]


def test_reading_on_a_cpu_imports_no_torch(tiny_folder: Path) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path; from worker.vision.detector import Detector;"
        f"d = Detector.load(Path({str(tiny_folder)!r}));"
        "d.read([d.prepare(np.eye(50, dtype=np.uint8), 0, 1)]);"
        "import worker.vision.overlay, worker.commands.predict, worker.commands.evaluate;"
        "sys.exit(bool({'torch', 'torchvision', 'sklearn', 'matplotlib', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


def test_vision_knows_nothing_of_the_portal() -> None:
    program = (
        "import sys, worker.vision.detector, worker.vision.tiny, worker.vision.evaluation.report;"
        "sys.exit(bool({'portal', 'flask', 'celery', 'sqlalchemy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
