from __future__ import annotations

from pathlib import Path

import pytest

from tests.vision.limbs import write_manifest
from worker.vision.manifest import read_manifest, read_unlabelled


def manifest(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text)
    return path


def test_rows_point_to_images_beside_the_manifest(tmp_path: Path) -> None:
    rows = read_manifest(write_manifest(tmp_path, 10), folds=[1, 3])
    assert {row.fold for row in rows} == {1, 3}
    assert all(row.image.exists() for row in rows)
    assert [len(row.boxes) == 1 for row in rows] == [row.is_fractured for row in rows]


def test_image_and_label_are_enough(tmp_path: Path) -> None:
    (row,) = read_manifest(manifest(tmp_path, "image,label\na.png,1\n"))
    assert (row.is_fractured, row.body_part, row.boxes, row.group, row.fold) == (
        True,
        "unknown",
        (),
        "a.png",
        None,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("image\na.png\n", "no column label"),
        ("file,label\na.png,1\n", "no column image"),
        ("image,label\na.png,yes\n", "neither 0 nor 1"),
        ("image,label\n", "no row"),
    ],
)
def test_manifest_that_cannot_be_used_says_why(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_manifest(manifest(tmp_path, text))


def test_fold_without_images_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no row of fold \[7\]"):
        read_manifest(write_manifest(tmp_path, 5), folds=[7])


def test_list_of_other_pictures_keeps_their_kind(tmp_path: Path) -> None:
    (row,) = read_unlabelled(manifest(tmp_path, "image,kind\ncat.jpg,photo\n"))
    assert (row.body_part, row.is_fractured) == ("photo", False)
