"""One made-up file and what must become of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

ACCEPTED = "accepted"


@dataclass(frozen=True)
class Sample:
    """A file of the corpus.

    kind      number of the kind in the list of bad inputs (docs of the corpus: `tests/corpus/__init__.py`)
    name      unique, for test ids
    expected  ACCEPTED, or the exact refusal code
    flags     what an accepted file must have noted about it, no more and no fewer, quality aside
    file_name what the file is called when it is uploaded; often a lie
    """

    kind: int
    name: str
    expected: str
    build: Callable[[], bytes] = field(repr=False)
    flags: tuple[str, ...] = ()
    file_name: str = "image.jpg"

    def __str__(self) -> str:
        return f"{self.kind:02d}-{self.name}"

    def content(self) -> bytes:
        return self.build()
