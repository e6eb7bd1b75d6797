"""An engine takes images of one shape at a time: which go together, and whose answer is whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.vision.engine import Engine


class Answer(NamedTuple):
    """The raw answer for one image, uncalibrated."""

    logit: float
    cells: NDArray[np.float32]  # (rows, columns)
    scope: float


def answers_to(
    engine: Engine, tensors: Sequence[NDArray[np.float32]], most: int | None = None
) -> list[Answer]:
    """The answers for tensors (C, H, W) in their order, those of one shape together, at most so many a pass.

    raises  OutOfMemory when the device has no room for as many
    """
    answers: dict[int, Answer] = {}
    for places in of_one_shape(tensors, most):
        outputs = engine.run(np.stack([tensors[place] for place in places]))
        each = zip(outputs.logits.tolist(), outputs.maps, outputs.scope.tolist(), strict=True)
        answers |= {place: Answer(*parts) for place, parts in zip(places, each, strict=True)}
    return [answers[place] for place in range(len(tensors))]


def of_one_shape(arrays: Sequence[NDArray[Any]], most: int | None = None) -> Iterator[Sequence[int]]:
    """The places of arrays that can be stacked, at most so many together, in their order."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, array in enumerate(arrays):
        by_shape.setdefault(array.shape, []).append(place)
    for places in by_shape.values():
        count = most or len(places)
        yield from (places[start : start + count] for start in range(0, len(places), count))
