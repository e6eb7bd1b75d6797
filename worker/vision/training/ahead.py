"""Work done ahead by threads, so that a GPU need not wait for the next batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD_PER_WORKER = 2

Given = TypeVar("Given")
Made = TypeVar("Made")


def made_ahead(make: Callable[[Given], Made], given: Iterable[Given], workers: int) -> Iterator[Made]:
    """`make` of each thing given, in the order given, whatever the number of workers.

    Threads suffice: Pillow and numpy let go of the interpreter while they compute, and no image is copied
    from process to process.
    """
    if workers == 0:
        yield from map(make, given)
        return
    pool, waiting = ThreadPoolExecutor(workers), deque[Future[Made]]()
    try:
        for thing in given:
            waiting.append(pool.submit(make, thing))
            if len(waiting) > AHEAD_PER_WORKER * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
