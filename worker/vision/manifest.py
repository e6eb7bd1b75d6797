"""A list of labelled radiographs: one CSV row per image, paths relative to the list."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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

    raises  ValueError when a column is missing, a value cannot be read, or no row is left
    """
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        if missing := {"image", "label"} - set(reader.fieldnames or ()):
            raise ValueError(f"the manifest has no column {', '.join(sorted(missing))}")
        rows = [_row(path.parent, line) for line in reader]
    chosen = [row for row in rows if folds is None or row.fold in folds]
    if not chosen:
        raise ValueError("the manifest has no row" + ("" if folds is None else f" of fold {folds}"))
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
    """Pictures that are no radiographs of the trained kind: columns image and, optionally, kind."""
    with path.open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    if not lines or "image" not in lines[0]:
        raise ValueError("the list of pictures is empty or has no column image")
    return [_picture(path.parent, line["image"], line.get("kind") or "other") for line in lines]


def _picture(folder: Path, name: str, kind: str) -> Row:
    return Row(folder / name, name, False, kind, (), name, None)


def _row(folder: Path, line: dict[str, str]) -> Row:
    if line["label"] not in ("0", "1"):
        raise ValueError(f"the label of {line['image']} is neither 0 nor 1")
    boxes = json.loads(line.get("boxes") or "[]")
    return Row(
        image=folder / line["image"],
        name=line["image"],
        is_fractured=line["label"] == "1",
        body_part=line.get("body_part") or "unknown",
        boxes=tuple((float(x), float(y), float(w), float(h)) for x, y, w, h in boxes),
        group=line.get("group") or line["image"],
        fold=int(line["fold"]) if line.get("fold") else None,
        has_hardware=line["hardware"] == "1" if line.get("hardware") else None,
    )
