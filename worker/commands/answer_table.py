"""The answers of `./run predict` as a table: CSV, one row per file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from worker.commands.found_files import is_no_image

STANDARD_OUTPUT = "-"
COLUMNS = (
    "file",
    "probability",
    "verdict",
    "refusal_code",
    "refusal_reason",
    "box_count",
    "boxes",
    "cautions",
    "release",
)


class TableOverImage(Exception):
    """The table would replace what looks like an image."""


class AnswerTable:
    """Writes each row at once, so that an interrupted run keeps what it had."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writer = csv.writer(stream)
        self._write(COLUMNS)

    def write(self, answer: Mapping[str, Any]) -> None:
        """A row for an answer as `--json` has it. Empty cells: there is no such thing for this file."""
        refusal = answer["refusal"] or {"code": None, "reason": None}
        boxes = None if answer["probability"] is None else answer["boxes"]
        self._write(
            (
                answer["file"],
                answer["probability"],
                answer["verdict"],
                refusal["code"],
                refusal["reason"],
                None if boxes is None else len(boxes),
                None if boxes is None else json.dumps(boxes),
                " ".join(answer["cautions"]),
                answer["release"],
            )
        )

    def _write(self, cells: tuple[Any, ...]) -> None:
        self._writer.writerow(cells)
        self._stream.flush()


@contextmanager
def answer_table(name: str) -> Iterator[AnswerTable]:
    """A new table in the file of that name, or on standard output for STANDARD_OUTPUT.

    raises  TableOverImage, OSError
    """
    if name == STANDARD_OUTPUT:
        yield AnswerTable(sys.stdout)
        return
    path = Path(name)
    if path.is_file() and path.stat().st_size and not is_no_image(path):
        raise TableOverImage(f"--csv {name}: this is an image; nothing was written")
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        yield AnswerTable(stream)
