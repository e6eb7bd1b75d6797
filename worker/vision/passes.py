"""An engine takes images of one shape at a time: which go together, and whose answer is whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.vision.engine import Engine, Outputs


class Answer(NamedTuple):
    """The raw answer for one image, uncalibrated."""

    logit: float
    cells: NDArray[np.float32]  # (rows, columns)
    scope: float


def answers_to(engine: Engine, tensors: Sequence[NDArray[np.float32]]) -> list[Answer]:
    """The answers for tensors (C, H, W) in their order, those of one shape together.

    raises  OutOfMemory when the device has no room for as many
    """
    answers: dict[int, Answer] = {}
    for places in of_one_shape(tensors):
        outputs = engine.run(np.stack([tensors[place] for place in places]))
        answers.update(zip(places, answers_in(outputs), strict=True))
    return [answers[place] for place in range(len(tensors))]


def answers_in(outputs: Outputs) -> Iterator[Answer]:
    """A batch's answers, image by image."""
    for logit, cells, scope in zip(
        outputs.logits.tolist(), outputs.maps, outputs.scope.tolist(), strict=True
    ):
        yield Answer(logit, cells, scope)


def of_one_shape(arrays: Sequence[NDArray[Any]], most: int | None = None) -> Iterator[Sequence[int]]:
    """The places of arrays that can be stacked, at most so many together, in their order."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, array in enumerate(arrays):
        by_shape.setdefault(array.shape, []).append(place)
    for places in by_shape.values():
        count = most or len(places)
        yield from (places[start : start + count] for start in range(0, len(places), count))
