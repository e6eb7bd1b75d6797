"""The course of a closer: what lies in the middle of close-ups of marked fractures and of false alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from worker.vision.card import PreprocessingCard
from worker.vision.evaluation.outcome import holds
from worker.vision.manifest import BoxPx
from worker.vision.networks.close_reader import BOX_UNIT, CLOSE_UP_PX, SEEN_PX
from worker.vision.networks.registry import Trainable
from worker.vision.preprocess import normalise
from worker.vision.training.ahead import made_ahead
from worker.vision.training.augment import Matrix, other_exposure, other_sharpness
from worker.vision.training.checkpoint import Options
from worker.vision.training.close_lesson import CloseLesson
from worker.vision.training.crew import Crew
from worker.vision.training.suspects import Point, Suspect

VIEWS_OF_A_BOX = 2  # an epoch
FALSE_ALARMS_PER_VIEW = 2
BESIDE_CENTRE = 0.2  # deviation, in box sides, of the second view's middle from the box's centre
NEAREST_PX = 6.0  # a false alarm keeps away from boxes
SHIFT_PX = 3.0  # deviation of a false alarm's middle from the place
FAVOUR = 0.7  # power of a false alarm's heat by which it is drawn
COLDEST = 0.01

LARGEST_TURN_DEGREES = 25.0
QUARTERS_CHANCE = 0.08
ZOOM = (0.8, 1.25)
STRETCH = 0.08


class View(NamedTuple):
    """A close-up to be made."""

    suspect: int  # its number
    middle: Point


class CloseBatch(NamedTuple):
    """What one step learns from."""

    images: Tensor  # (N, 1, CLOSE_UP_PX, CLOSE_UP_PX), augmented and normalised
    labels: Tensor  # (N,), 1 where a marked box holds the middle
    boxes: Tensor  # (N, 4) as `CloseAnswers`, 0 without one


@dataclass(frozen=True)
class CloseUps:
    """A `Course`."""

    options: Options
    card: PreprocessingCard
    suspects: Sequence[Suspect]

    def lesson(self, network: Trainable, in_bfloat16: bool) -> nn.Module:
        return CloseLesson(network, in_bfloat16)

    def steps(self, epoch: int) -> int:
        return len(self._views(epoch)) // self.options.batch_size

    def batches(self, epoch: int, crew: Crew) -> Iterator[CloseBatch]:
        """Each view draws from a stream of its own, whichever thread or process makes it."""
        size, views = self.options.batch_size, self._views(epoch)
        starts = range(0, len(views) - size + 1, size)

        def batch_at(start: int) -> CloseBatch:
            places = crew.share_of(range(start, start + size))
            streams = [np.random.default_rng((self.options.seed, epoch, 1 + place)) for place in places]
            batch = self._batch([views[place] for place in places], streams)
            return CloseBatch(*(part.pin_memory() for part in batch)) if crew.on_gpu else batch

        return made_ahead(batch_at, starts, crew.workers)

    def _views(self, epoch: int) -> list[View]:
        return views_of(self.suspects, np.random.default_rng((self.options.seed, epoch)))

    def _batch(self, views: Sequence[View], streams: Sequence[np.random.Generator]) -> CloseBatch:
        images, labels, boxes = [], [], []
        for view, random in zip(views, streams, strict=True):
            suspect = self.suspects[view.suspect]
            matrix = random_matrix(view.middle, random)
            images.append(normalise(augmented_close_up(suspect.sample.canvas, matrix, random), self.card))
            box = suspect.box_at(view.middle)
            labels.append(float(box is not None))
            boxes.append(np.zeros(4, np.float32) if box is None else box_seen(box, matrix))
        stacked = torch.from_numpy(np.stack(images)), torch.tensor(labels), torch.from_numpy(np.stack(boxes))
        return CloseBatch(*stacked)


def views_of(suspects: Sequence[Suspect], random: np.random.Generator) -> list[View]:
    """An epoch's close-ups, shuffled: of every marked box, and of hot places that are no fracture."""
    views = [
        View(number, middle)
        for number, suspect in enumerate(suspects)
        for box in suspect.sample.boxes
        for middle in _middles(box, suspect, random)
    ]
    views += _false_alarms(suspects, FALSE_ALARMS_PER_VIEW * len(views), random)
    return [views[place] for place in random.permutation(len(views))]


def _middles(box: BoxPx, suspect: Suspect, random: np.random.Generator) -> Iterator[Point]:
    """The hottest place in the box, where there is one, and points about its centre."""
    hottest = [place for place in suspect.places if holds(box, *place)][:1]
    yield from hottest
    left, top, width, height = box
    for _ in range(VIEWS_OF_A_BOX - len(hottest)):
        across, down = np.clip(random.normal(0.5, BESIDE_CENTRE, size=2), 0.05, 0.95).tolist()
        yield left + width * across, top + height * down


def _false_alarms(suspects: Sequence[Suspect], most: int, random: np.random.Generator) -> list[View]:
    """Places away from marked boxes, none twice, the hotter the likelier."""
    places = [
        (number, place, heat)
        for number, suspect in enumerate(suspects)
        for place, heat in zip(suspect.places, suspect.heat, strict=True)
        if not any(holds(box, *place, NEAREST_PX) for box in suspect.sample.boxes)
    ]
    weights = np.maximum([heat for _, _, heat in places], COLDEST) ** FAVOUR
    count = min(most, len(places))
    chosen = random.choice(len(places), count, replace=False, p=weights / weights.sum()) if places else ()
    shifts = random.normal(0, SHIFT_PX, size=(count, 2)).tolist()
    return [
        View(places[place][0], (places[place][1][0] + right, places[place][1][1] + down))
        for place, (right, down) in zip(chosen, shifts, strict=True)
    ]


def plain_matrix(middle: Point) -> Matrix:
    """From pixels of a close-up to those of the canvas, as a reading looks at a place."""
    return _about(middle, np.eye(2) * (SEEN_PX / CLOSE_UP_PX))


def random_matrix(middle: Point, random: np.random.Generator) -> Matrix:
    """The same, turned, zoomed, stretched and mirrored about the middle."""
    angle = np.deg2rad(random.uniform(-LARGEST_TURN_DEGREES, LARGEST_TURN_DEGREES))
    if random.random() < QUARTERS_CHANCE:
        angle += np.pi / 2 * random.integers(1, 4)
    scale = SEEN_PX / CLOSE_UP_PX * np.exp(random.uniform(*np.log(ZOOM)))
    stretch = np.exp(random.uniform(-STRETCH, STRETCH))
    mirror = -1.0 if random.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return _about(middle, turn @ np.diag([scale * stretch * mirror, scale / stretch]))


def _about(middle: Point, linear: NDArray[np.float64]) -> Matrix:
    return np.column_stack([linear, np.array(middle) - linear @ np.full(2, CLOSE_UP_PX / 2)])


def augmented_close_up(
    canvas: NDArray[np.uint8], matrix: Matrix, random: np.random.Generator
) -> NDArray[np.uint8]:
    """What `matrix` tells of a canvas, at random sharper or softer, and exposed otherwise."""
    image = close_up(canvas, matrix)
    if random.random() < 0.35:
        image = other_sharpness(image, random)
    view = other_exposure(np.asarray(image, np.float32) / np.float32(255), random)
    return np.rint(view * 255).astype(np.uint8)


def close_up(canvas: NDArray[np.uint8], matrix: Matrix) -> Image.Image:
    """What `matrix` tells of a canvas, black beyond it; interpolated as in a reading."""
    size = CLOSE_UP_PX, CLOSE_UP_PX
    affine, linear = Image.Transform.AFFINE, Image.Resampling.BILINEAR
    return Image.fromarray(canvas).transform(size, affine, matrix.ravel().tolist(), linear)


def box_seen(box: BoxPx, matrix: Matrix) -> NDArray[np.float32]:
    """A box of the canvas as a close-up shows it, in the form of `CloseAnswers`, float32 (4,).

    A turned box keeps its own sides, changed over when it is turned by more than 45 degrees.
    """
    left, top, width, height = box
    linear, unit = matrix[:, :2], CLOSE_UP_PX * BOX_UNIT
    centre = np.linalg.solve(linear, np.array([left + width / 2, top + height / 2]) - matrix[:, 2])
    across, down = np.hypot(*linear[:, 0]), np.hypot(*linear[:, 1])
    is_upright = abs(linear[0, 0]) >= abs(linear[1, 0])
    seen = (width / across, height / down) if is_upright else (height / across, width / down)
    return np.array([*(centre - CLOSE_UP_PX / 2) / unit, *np.log(np.array(seen) / unit)], np.float32)
