"""A list of labelled radiographs: one CSV row per image, paths relative to the list."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.vision.table import Cells, read_table, whole_number, yes_or_no

BoxPx = tuple[float, float, float, float]  # left, top, width, height in pixels of the image


@dataclass(frozen=True)
class Row:
    """One labelled image. `group` joins images of one patient; rows without one stand for themselves."""

    image: Path
    name: str  # as written in the manifest
    is_fractured: bool
    body_part: str
    boxes: tuple[BoxPx, ...]
    group: str
    fold: int | None
    has_hardware: bool | None = None  # metal in the picture; None when the list does not say


def read_manifest(path: Path, folds: Sequence[int] | None = None) -> list[Row]:
    """The rows of a manifest, all or those of some folds.

    raises  ValueError, which names file and line, when a column is missing, a value cannot be so, an image
            is listed twice, or no row is left
    """
    rows, line_of = list[Row](), dict[str, int]()
    for number, cells in read_table(path, ("image", "label")):
        try:
            row = _row(path.parent, cells)
            first = line_of.setdefault(os.path.abspath(row.image), number)
            if first != number:
                raise ValueError(f"{row.name} is listed already, in line {first}")
        except ValueError as failure:
            raise ValueError(f"{path}, line {number}: {failure}") from failure
        rows.append(row)
    return rows_in(rows, folds, path)


def rows_in(rows: Sequence[Row], folds: Sequence[int] | None, path: Path) -> list[Row]:
    """Those of some folds, or all. Raises ValueError, which names the manifest, when there is none."""
    chosen = [row for row in rows if folds is None or row.fold in folds]
    if not chosen:
        which = "" if folds is None else f" of fold {', '.join(map(str, folds))}"
        raise ValueError(f"{path} has no row{which}")
    return chosen


def manifest_text(rows: Sequence[Row]) -> str:
    """A manifest that reads back as these rows; their images are named by absolute paths."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["image", "label", "body_part", "hardware", "boxes", "group", "fold"])
    for row in rows:
        hardware = "" if row.has_hardware is None else int(row.has_hardware)
        boxes, fold = json.dumps(row.boxes), "" if row.fold is None else row.fold
        known = [row.image.absolute(), int(row.is_fractured), row.body_part]
        writer.writerow([*known, hardware, boxes, row.group, fold])
    return stream.getvalue()


def read_unlabelled(path: Path) -> list[Row]:
    """Pictures that are no radiographs of the trained kind: columns image and, optionally, kind.

    raises  ValueError, which names the file, when it lists none
    """
    lines = read_table(path, ("image",))
    if not lines:
        raise ValueError(f"{path} lists no picture")
    return [_picture(path.parent, cells["image"], cells.get("kind") or "other") for _, cells in lines]


def refuse_boxes_outside(row: Row, width_px: int, height_px: int) -> None:
    """Raises ValueError when a box of the row lies wholly outside its image, which has this size."""
    for x, y, width, height in row.boxes:
        if x >= width_px or y >= height_px or x + width <= 0 or y + height <= 0:
            raise ValueError(
                f"{row.name}: a box at {x:g}, {y:g} lies outside the image of {width_px} x {height_px} pixels"
            )


def _picture(folder: Path, name: str, kind: str) -> Row:
    return Row(folder / name, name, False, kind, (), name, None)


def _row(folder: Path, cells: Cells) -> Row:
    name = cells["image"]
    if not name:
        raise ValueError("no image is named")
    is_fractured = yes_or_no(cells["label"], f"the label of {name} is neither 0 nor 1")
    boxes, hardware, fold = _boxes(cells.get("boxes") or "[]"), cells.get("hardware"), cells.get("fold")
    if boxes and not is_fractured:
        raise ValueError(f"{name} has boxes, which mark fractures, but its label is 0")
    return Row(
        image=folder / name,
        name=name,
        is_fractured=is_fractured,
        body_part=cells.get("body_part") or "unknown",
        boxes=boxes,
        group=cells.get("group") or name,
        fold=whole_number(fold, f"the fold of {name} is no whole number") if fold else None,
        has_hardware=yes_or_no(hardware, f"hardware of {name} is neither 0 nor 1") if hardware else None,
    )


def _boxes(text: str) -> tuple[BoxPx, ...]:
    try:
        stored = json.loads(text)
        boxes = tuple((float(x), float(y), float(w), float(h)) for x, y, w, h in stored)
    except (TypeError, ValueError) as failure:
        raise ValueError("boxes is no list as [[x, y, width, height], …], in pixels") from failure
    for box in boxes:
        if not all(map(math.isfinite, box)) or box[2] <= 0 or box[3] <= 0:
            raise ValueError(f"a box of {', '.join(f'{value:g}' for value in box)} has no size or place")
    return boxes
