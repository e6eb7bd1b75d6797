from __future__ import annotations

from pathlib import Path

import pytest

from tests.vision.limbs import write_manifest
from worker.vision.manifest import read_manifest, read_unlabelled, refuse_boxes_outside


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
        ("image\na.png\n", "manifest.csv has no column label"),
        ("file,label\na.png,1\n", "manifest.csv has no column image"),
        ("image;label\na.png;1\n", "divided by semicolons"),
        ("image\tlabel\na.png\t1\n", "divided by tabs"),
        ("image,label,label\na.png,1,0\n", "more than one column label"),
        ("image,label\n", "manifest.csv has no row"),
        ("image,label\na.png,1\nb.png,yes\n", "manifest.csv, line 3: the label of b.png is neither 0 nor 1"),
        ("image,label\n,1\n", "line 2: no image is named"),
        ("image,label\na.png,1\nb.png,0\n./a.png,0\n", "line 4: ./a.png is listed already, in line 2"),
        ("image,label,hardware\na.png,1,yes\n", "hardware of a.png is neither 0 nor 1"),
        ("image,label,fold\na.png,1,first\n", "fold of a.png is no whole number"),
        ("image,label,fold\na.png,1,1.5\n", "fold of a.png is no whole number"),
        ("image,label,boxes\na.png,1,[[1,2,3,4]]\n", "line 2: there are more cells than columns"),
        ('image,label,boxes\na.png,0,"[[1,2,3,4]]"\n', "a.png has boxes, which mark fractures, but"),
    ],
)
def test_manifest_that_cannot_be_used_says_why_and_where(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_manifest(manifest(tmp_path, text))


@pytest.mark.parametrize("boxes", ["hand", "null", "5", "[5]", "[[1,2,3]]", "[[null,1,2,3]]", '[""""]'])
def test_boxes_that_are_no_list_of_boxes_are_refused(boxes: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2: boxes is no list as"):
        read_manifest(manifest(tmp_path, f'image,label,boxes\na.png,1,"{boxes}"\n'))


@pytest.mark.parametrize("box", ["NaN,1,2,3", "1,2,Infinity,4", "1,2,-3,4", "1,2,3,0"])
def test_box_without_size_or_place_is_refused(box: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"line 2: a box of .* has no size or place"):
        read_manifest(manifest(tmp_path, f'image,label,boxes\na.png,1,"[[{box}]]"\n'))


def test_box_outside_its_image_is_refused_where_the_size_is_known(tmp_path: Path) -> None:
    (row,) = read_manifest(manifest(tmp_path, 'image,label,boxes\na.png,1,"[[90, 10, 20, 20]]"\n'))
    refuse_boxes_outside(row, 100, 100)
    with pytest.raises(ValueError, match=r"a.png: a box at 90, 10 lies outside the image of 80 x 100 pixels"):
        refuse_boxes_outside(row, 80, 100)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_manifest_of_another_encoding_says_which_is_needed(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text("image,label\nmüller.png,1\n", encoding)
    with pytest.raises(ValueError, match=r"manifest.csv is not UTF-8: save it as CSV in UTF-8"):
        read_manifest(path)


def test_manifest_of_a_spreadsheet_is_read_as_it_is_saved(tmp_path: Path) -> None:
    """Excel begins the file with a mark, pandas makes whole numbers with gaps among them floats."""
    path = tmp_path / "manifest.csv"
    path.write_text("image,label,hardware,fold\r\na.png,1.0,0.0,3.0\r\nb.png,0.0,,\r\n", "utf-8-sig")
    first, second = read_manifest(path)
    assert (first.name, first.is_fractured, first.has_hardware, first.fold) == ("a.png", True, False, 3)
    assert (second.is_fractured, second.has_hardware, second.fold) == (False, None, None)


def test_unnamed_column_of_row_numbers_that_pandas_writes_is_passed_over(tmp_path: Path) -> None:
    first, second = read_manifest(manifest(tmp_path, ",image,label\n0,a.png,1\n1,b.png,0\n"))
    assert (first.name, first.is_fractured, second.name) == ("a.png", True, "b.png")
    with pytest.raises(ValueError, match="line 2: there are more cells than columns"):
        read_manifest(manifest(tmp_path, ",image,label\n0,a.png,1,[[1,2,3,4]]\n"))


def test_fold_without_images_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"manifest.csv has no row of fold 7"):
        read_manifest(write_manifest(tmp_path, 5), folds=[7])


def test_list_of_other_pictures_keeps_their_kind(tmp_path: Path) -> None:
    (row,) = read_unlabelled(manifest(tmp_path, "image,kind\ncat.jpg,photo\n"))
    assert (row.body_part, row.is_fractured) == ("photo", False)


def test_list_of_other_pictures_that_names_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"manifest.csv lists no picture"):
        read_unlabelled(manifest(tmp_path, "image,kind\n"))
