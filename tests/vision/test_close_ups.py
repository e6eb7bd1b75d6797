"""What a network that looks from near is taught."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from worker.commands.files import known_image  # noqa: E402
from worker.vision.card import PreprocessingCard  # noqa: E402
from worker.vision.evaluation.outcome import holds  # noqa: E402
from worker.vision.manifest import BoxPx, read_manifest  # noqa: E402
from worker.vision.networks.close_reader import BOX_UNIT, CLOSE_UP_PX, SEEN_PX  # noqa: E402
from worker.vision.passes import Answer  # noqa: E402
from worker.vision.training.checkpoint import Options  # noqa: E402
from worker.vision.training.close_lesson import CloseLesson  # noqa: E402
from worker.vision.training.close_ups import (  # noqa: E402
    FALSE_ALARMS_PER_VIEW,
    NEAREST_PX,
    VIEWS_OF_A_BOX,
    CloseUps,
    box_seen,
    close_up,
    plain_matrix,
    random_matrix,
    views_of,
)
from worker.vision.training.crew import ALONE  # noqa: E402
from worker.vision.training.samples import Sample, read_samples  # noqa: E402
from worker.vision.training.suspects import Suspect, suspects_of  # noqa: E402


@pytest.fixture
def samples(tmp_path: Path, preparing: PreprocessingCard) -> list[Sample]:
    manifest = write_manifest(tmp_path, 30)
    return read_samples(read_manifest(manifest), preparing, False, known_image)


@pytest.fixture
def suspects(samples: list[Sample]) -> list[Suspect]:
    """As suspected by chance, the more of them the deeper one looks."""
    random = np.random.default_rng(0)
    shapes = [(sample.canvas.shape[0] // 8, sample.canvas.shape[1] // 8) for sample in samples]
    cells = [random.normal(-2, 2, shape).astype(np.float32) for shape in shapes]
    return suspects_of(samples, [Answer(0.0, cell, 0.0) for cell in cells])


def course(suspects: list[Suspect], preparing: PreprocessingCard, seed: int = 0) -> CloseUps:
    options = Options("", "plain-cnn-close", None, 1, 4, 64, (0,), None, None, seed, 1e-3, "fp32")
    return CloseUps(options, preparing, suspects)


def test_places_of_an_image_are_in_pixels_of_its_canvas(samples: list[Sample]) -> None:
    sample = samples[0]
    cells = np.full((sample.canvas.shape[0] // 16, sample.canvas.shape[1] // 16), -5, np.float32)
    cells[3, 1] = 2
    (suspect,) = suspects_of([sample], [Answer(0.0, cells, 0.0)])
    assert suspect.places[0] == (24.0, 56.0)
    assert suspect.heat[0] == pytest.approx(1 / (1 + np.exp(-2)))
    assert list(suspect.heat) == sorted(suspect.heat, reverse=True)


def test_epoch_shows_every_box_and_false_alarms_that_keep_away_from_them(suspects: list[Suspect]) -> None:
    views = views_of(suspects, np.random.default_rng(0))
    held = [(view, suspects[view.suspect].box_at(view.middle)) for view in views]
    shown = Counter((view.suspect, box) for view, box in held if box is not None)
    marked = {(number, box) for number, each in enumerate(suspects) for box in each.sample.boxes}
    assert set(shown) == marked
    assert set(shown.values()) == {VIEWS_OF_A_BOX}
    alarms = [view for view, box in held if box is None]
    assert len(alarms) == FALSE_ALARMS_PER_VIEW * VIEWS_OF_A_BOX * len(marked)
    assert len({(view.suspect, view.middle) for view in alarms}) == len(alarms)
    near = [
        holds(box, *view.middle, NEAREST_PX / 2)
        for view in alarms
        for box in suspects[view.suspect].sample.boxes
    ]
    assert np.mean(near) < 0.05  # a place is shifted a little before it is shown


def test_hottest_place_in_a_box_is_shown_itself(samples: list[Sample]) -> None:
    sample = next(sample for sample in samples if sample.boxes)
    left, top, width, height = sample.boxes[0]
    middle = left + width / 2, top + height / 2
    suspects = [Suspect(sample, ((1.0, 1.0), middle), (0.9, 0.8))]
    shown = [view.middle for view in views_of(suspects, np.random.default_rng(0))]
    assert middle in shown
    assert all(holds(sample.boxes[0], *place) for place in shown if place != shown[-1] and place[0] > 5)


def test_hotter_false_alarms_are_shown_more_often(samples: list[Sample]) -> None:
    sound = next(sample for sample in samples if not sample.boxes)
    broken = next(sample for sample in samples if sample.boxes)
    cold = [Suspect(sound, ((20.0 + number, 30.0),), (0.01,)) for number in range(40)]
    hot = [Suspect(sound, ((20.0 + number, 50.0),), (0.9,)) for number in range(40)]
    suspects = [Suspect(broken, (), ()), *cold, *hot]
    shown = [view for seed in range(30) for view in views_of(suspects, np.random.default_rng(seed))]
    counted = Counter("hot" if view.suspect > 40 else "cold" for view in shown if view.suspect)
    assert counted["hot"] > 4 * counted["cold"]


def test_box_in_a_close_up_lies_where_the_picture_shows_it() -> None:
    canvas, box = np.zeros((200, 220), np.uint8), (100.0, 80.0, 30.0, 16.0)
    canvas[80:96, 100:130] = 255
    for seed in range(40):
        matrix = random_matrix((112.0, 90.0), np.random.default_rng(seed))
        seen = np.asarray(close_up(canvas, matrix)) > 127
        rows, columns = np.nonzero(seen)
        x, y, width, height = box_seen(box, matrix)
        unit = CLOSE_UP_PX * BOX_UNIT
        centre = CLOSE_UP_PX / 2 + x * unit, CLOSE_UP_PX / 2 + y * unit
        assert centre == pytest.approx((columns.mean() + 0.5, rows.mean() + 0.5), abs=0.7)
        assert np.exp(width) * np.exp(height) * unit**2 == pytest.approx(seen.sum(), rel=0.05)
        assert (width > height) == (np.ptp(columns) > np.ptp(rows))


def test_plain_close_up_shows_its_middle_in_the_middle() -> None:
    box: BoxPx = (50 - 12, 60 - 6, 24, 12)
    seen = box_seen(box, plain_matrix((50.0, 60.0)))
    unit = SEEN_PX * BOX_UNIT
    np.testing.assert_allclose(seen, [0, 0, np.log(24 / unit), np.log(12 / unit)], atol=1e-6)


def test_same_seed_gives_the_same_close_ups_whoever_makes_them(
    suspects: list[Suspect], preparing: PreprocessingCard
) -> None:
    one = list(course(suspects, preparing).batches(1, ALONE))
    assert len(one) == course(suspects, preparing).steps(1) > 3
    crew = [replace(ALONE, rank=rank, size=2) for rank in range(2)]
    shares = [course(suspects, preparing).batches(1, member) for member in crew]
    ahead = course(suspects, preparing).batches(1, replace(ALONE, workers=3))
    for batch, first, second, made_ahead in zip(one, *shares, ahead, strict=True):
        for whole, part, other, same in zip(batch, first, second, made_ahead, strict=True):
            assert torch.equal(whole, torch.cat([part, other]))
            assert torch.equal(whole, same)
    again = next(course(suspects, preparing, seed=1).batches(1, ALONE))
    assert not torch.equal(again.images, one[0].images)


def test_lesson_asks_for_a_box_only_where_there_is_one() -> None:
    class Told(torch.nn.Module):
        def __init__(self, boxes: torch.Tensor) -> None:
            super().__init__()
            self.boxes = boxes

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            from worker.vision.networks.close_reader import CloseAnswers

            return CloseAnswers(torch.tensor([3.0, -3.0]), self.boxes)

    images, labels = torch.zeros(2, 1, 8, 8), torch.tensor([1.0, 0.0])
    taught = torch.zeros(2, 4)
    right, wrong_beside, wrong = (torch.zeros(2, 4) for _ in range(3))
    wrong_beside[1], wrong[0] = 5.0, 5.0
    losses = [
        CloseLesson(Told(boxes), False)(images, labels, taught) for boxes in (right, wrong_beside, wrong)
    ]
    assert losses[0] == losses[1] < losses[2]
