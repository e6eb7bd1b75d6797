"""Kind 30: good files with bits flipped, bytes cut out, doubled or overwritten. Nothing is promised of them
but an ordinary answer: accepted, or refused by name."""

import random
from collections.abc import Iterator

from tests.corpus.sample import ACCEPTED, Sample


def mutations(samples: list[Sample], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` spoilt files with a name that reproduces each, drawn from the accepted `samples`."""
    good = [sample for sample in samples if sample.expected == ACCEPTED]
    for number in range(count):
        source = random.Random(f"{seed}-{number}")
        sample = source.choice(good)
        stream = bytearray(sample.content())
        for _ in range(source.choice((1, 1, 1, 3, 20))):
            source.choice((_flip, _flip, _overwrite, _cut, _double))(stream, source)
        yield f"{sample}-seed-{seed}-{number}", bytes(stream)


def _place(stream: bytearray, source: random.Random) -> int:
    """More often near the start, where the headers are."""
    limit = source.choice((200, 1000, len(stream)))
    return source.randrange(min(limit, len(stream))) if stream else 0


def _flip(stream: bytearray, source: random.Random) -> None:
    if stream:
        stream[_place(stream, source)] ^= 1 << source.randrange(8)


def _overwrite(stream: bytearray, source: random.Random) -> None:
    at = _place(stream, source)
    stream[at : at + 4] = source.choice((b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", source.randbytes(4)))


def _cut(stream: bytearray, source: random.Random) -> None:
    at = _place(stream, source)
    del stream[at : at + source.choice((1, 2, 50, 5000))]


def _double(stream: bytearray, source: random.Random) -> None:
    at = _place(stream, source)
    stream[at:at] = stream[at : at + source.choice((1, 2, 50, 5000))]
