"""FracAtlas as published (doi:10.6084/m9.figshare.22363012): dataset.csv, images/, Annotations/."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from PIL import Image

from worker.vision.manifest import BoxPx, Row
from worker.vision.sources.groups import joined, near_duplicates
from worker.vision.table import Cells, read_table, yes_or_no

BODY_PARTS = ("hand", "leg", "hip", "shoulder")
FOLDERS = ("Fractured", "Non_fractured")
PUBLISHED_NAME = re.compile(r"IMG\d{7}\.jpg")
JPEG_END = b"\xff\xd9"
TAIL_BYTES = 64

Boxes = dict[str, tuple[BoxPx, ...]]


def is_fracatlas(folder: Path) -> bool:
    return (folder / "dataset.csv").is_file() and (folder / "images").is_dir()


def is_published_fracatlas(folder: Path) -> bool:
    """Whether the images have the names of the release: other data may be laid out like it."""
    names = [line["image_id"] for line in _lines(folder)]
    return bool(names) and all(map(PUBLISHED_NAME.fullmatch, names))


def read_fracatlas(folder: Path) -> list[Row]:
    """All images that can be decoded; truncated JPEGs, 59 of the release and all called sound, are left out.

    An image with a marked box is fractured whatever dataset.csv says (the authors confirm IMG0003298).
    Patients are not known: neighbouring numbers with the same body parts make a group, near-duplicates join.

    raises  ValueError, which names the file, when one of those that describe the images cannot be understood
    """
    boxes = _boxes(folder)
    lines = [(line, _find(folder, line["image_id"])) for line in _lines(folder)]
    found = [(line, path) for line, path in lines if path is not None and _is_whole(path)]
    if not found:
        raise ValueError("no image of dataset.csv is in images/Fractured or images/Non_fractured")
    parts = [_body_parts(line) for line, _ in found]
    groups = _groups([path for _, path in found], parts)
    return [
        Row(
            image=path,
            name=path.relative_to(folder).as_posix(),
            is_fractured=_says(line, "fractured") or bool(boxes.get(path.stem)),
            body_part=part,
            boxes=boxes.get(path.stem, ()),
            group=group,
            fold=None,
            has_hardware=_says(line, "hardware") if line.get("hardware") else None,
        )
        for (line, path), part, group in zip(found, parts, groups, strict=True)
    ]


def _lines(folder: Path) -> list[Cells]:
    return [cells for _, cells in read_table(folder / "dataset.csv", ("image_id", "fractured"))]


def _says(line: Cells, column: str) -> bool:
    return yes_or_no(line[column], f"dataset.csv: {column} of {line['image_id']} is neither 0 nor 1")


def _find(folder: Path, name: str) -> Path | None:
    places = [folder / "images" / kind / name for kind in FOLDERS]
    return next((path for path in places if path.is_file()), None)


def _is_whole(path: Path) -> bool:
    if path.suffix.lower() not in (".jpg", ".jpeg"):
        return True
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return JPEG_END in stream.read()


def _body_parts(line: Cells) -> str:
    return "+".join(part for part in BODY_PARTS if line.get(part) == "1") or "unknown"


def _groups(paths: list[Path], parts: list[str]) -> list[str]:
    number = [int("0" + "".join(filter(str.isdigit, path.stem))) for path in paths]
    order = sorted(range(len(paths)), key=number.__getitem__)
    neighbours = [
        (one, other)
        for one, other in itertools.pairwise(order)
        if number[other] - number[one] == 1 and parts[one] == parts[other]
    ]
    return joined([path.stem for path in paths], [*neighbours, *near_duplicates(paths)])


def _boxes(folder: Path) -> Boxes:
    """By image name without ending: from the COCO file when there is one, else from the YOLO files."""
    for path in sorted(folder.rglob("*.json")):
        try:
            stored = json.loads(path.read_text("utf-8"))
            if isinstance(stored, dict) and {"images", "annotations"} <= stored.keys():
                return _from_coco(stored)
        except (KeyError, TypeError, ValueError) as failure:
            raise ValueError(f"{path} is no COCO file of images and their boxes") from failure
    names = sorted(path for path in folder.rglob("*.txt") if "yolo" in path.parent.as_posix().lower())
    return {path.stem: _from_yolo(path, image) for path in names if (image := _image_of(folder, path))}


def _from_coco(stored: dict[str, Any]) -> Boxes:
    name_of = {image["id"]: Path(str(image["file_name"])).stem for image in stored["images"]}
    boxes = defaultdict(list)
    for annotation in stored["annotations"]:
        x, y, width, height = (float(value) for value in annotation["bbox"])
        boxes[name_of[annotation["image_id"]]].append((x, y, width, height))
    return {name: tuple(found) for name, found in boxes.items()}


def _image_of(folder: Path, label: Path) -> Path | None:
    return _find(folder, label.stem + ".jpg") or _find(folder, label.stem + ".png")


def _from_yolo(path: Path, image: Path) -> tuple[BoxPx, ...]:
    """Lines of class, centre x, centre y, width, height as shares of the image."""
    with Image.open(image) as opened:
        across, down = opened.size
    try:
        lines = [
            [float(value) for value in line.split()[1:5]] for line in path.read_text("utf-8").splitlines()
        ]
        return tuple(
            ((x - width / 2) * across, (y - height / 2) * down, width * across, height * down)
            for x, y, width, height in (line for line in lines if line)
        )
    except ValueError as failure:
        raise ValueError(f"{path}: a line is not class, x, y, width, height") from failure
