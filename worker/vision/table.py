"""CSV files as other programs write them: their cells, and plain words for what is wrong with them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

Cells = Mapping[str, str]  # by column; empty where the line ends earlier
OTHER_DIVIDERS = {";": "semicolons", "\t": "tabs"}


def read_table(path: Path, needed: Collection[str]) -> list[tuple[int, Cells]]:
    """Each line of cells with its number in the file; UTF-8, with or without a byte order mark.

    raises  OSError; ValueError, which names the file, when it is no such table or lacks a needed column
    """
    try:
        return list(_lines(path, needed))
    except csv.Error as failure:
        raise ValueError(f"{path} is no CSV: {failure}") from failure


def yes_or_no(text: str, complaint: str) -> bool:
    """Whether a cell says 1 and not 0. Raises ValueError, which says `complaint`, when it says neither."""
    if whole_number(text, complaint) not in (0, 1):
        raise ValueError(complaint)
    return whole_number(text, complaint) == 1


def whole_number(text: str, complaint: str) -> int:
    """The number that a cell holds, also as 1.0, which pandas writes beside empty cells.

    raises  ValueError, which says `complaint`, when it holds none
    """
    try:
        value = float(text)
    except ValueError as failure:
        raise ValueError(complaint) from failure
    if not value.is_integer():
        raise ValueError(complaint)
    return int(value)


def _lines(path: Path, needed: Collection[str]) -> Iterator[tuple[int, Cells]]:
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), restval="")
    columns = list(reader.fieldnames or ())
    if missing := set(needed) - set(columns):
        raise ValueError(f"{path} has no column {', '.join(sorted(missing))}{_divided_otherwise(columns)}")
    if twice := {name for name in columns if name and columns.count(name) > 1}:
        raise ValueError(f"{path} has more than one column {', '.join(sorted(twice))}")
    for cells in reader:
        if any(cells.pop(None, ())):  # a column without a name is called "", and nobody asks for it
            raise ValueError(
                f"{path}, line {reader.line_num}: there are more cells than columns: what has a comma in it"
                ' stands in quotes, as "[[1, 2, 3, 4]]" does'
            )
        yield reader.line_num, cells


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        raise ValueError(f"{path} is not UTF-8: save it as CSV in UTF-8") from failure


def _divided_otherwise(columns: list[str]) -> str:
    for sign, name in OTHER_DIVIDERS.items():
        if any(sign in column for column in columns):
            return f": its cells are divided by {name}, where commas are needed"
    return ""
