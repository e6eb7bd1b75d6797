from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.refusals import Refused
from portal.sniff import HEAD_BYTES, sniff
from worker.intake.decoder import Decoder
from worker.intake.record import Intake

Read = Callable[[bytes], Intake]


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    """One decoder for all tests: that it survives every file is part of what they test."""
    with Decoder() as shared:
        yield shared


@pytest.fixture
def read(decoder: Decoder, tmp_path: Path) -> Read:
    """Take bytes in as the portal does: sniff, then decode in a child, to array.npy and preview.jpg."""

    def take(content: bytes) -> Intake:
        source = tmp_path / "upload"
        source.write_bytes(content)
        kind = sniff(content[:HEAD_BYTES])
        return decoder.decode(source, kind, tmp_path / "array.npy", tmp_path / "preview.jpg")

    return take


def answer_to(content: bytes, read: Read) -> str:
    """The code of the refusal, or “accepted”."""
    try:
        read(content)
    except Refused as refused:
        return refused.code
    return "accepted"
