from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vision.limbs import broken_limb, limb
from worker.vision.manifest import Row, read_manifest
from worker.vision.shelf import RELEASES
from worker.vision.sources.folds import FOLDS, with_folds
from worker.vision.sources.groups import near_duplicates
from worker.vision.sources.known_data import KNOWN_DATA
from worker.vision.sources.layouts import known_as, listed, read_layout


def draw(path: Path, seed: int, is_broken: bool = False) -> Path:
    """A picture that resembles no other seed's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = broken_limb(seed=seed) if is_broken else limb(seed=seed)
    noise = np.random.default_rng(seed).integers(0, 80, (12, 8), dtype=np.uint8).repeat(20, 0).repeat(20, 1)
    Image.fromarray(np.maximum(picture, noise)).save(path)
    return path


def groups_of(rows: Sequence[Row]) -> set[frozenset[str]]:
    members: dict[str, set[str]] = {}
    for row in rows:
        members.setdefault(row.group, set()).add(row.image.name)
    return {frozenset(names) for names in members.values()}


@pytest.fixture
def fracatlas(tmp_path: Path) -> Path:
    """Six images: 1 and 2 neighbours, 3 of another part, 10 with a box but no label, 20 cut off, 30 gone."""
    lines = [(1, "hand", 1), (2, "hand", 0), (3, "leg", 0), (10, "hip", 0), (20, "leg", 0), (30, "leg", 0)]
    with (tmp_path / "dataset.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image_id", "hand", "leg", "hip", "shoulder", "hardware", "fractured"])
        for number, part, fractured in lines:
            parts = [int(part == name) for name in ("hand", "leg", "hip", "shoulder")]
            name = f"IMG{number:07}.jpg"
            writer.writerow([name, *parts, int(number == 1), fractured])
            if number != 30:
                kind = "Fractured" if fractured else "Non_fractured"
                draw(tmp_path / "images" / kind / name, number, bool(fractured))
    cut = tmp_path / "images" / "Non_fractured" / "IMG0000020.jpg"
    cut.write_bytes(cut.read_bytes()[:-500])
    return tmp_path


def write_coco(folder: Path) -> None:
    path = folder / "Annotations" / "COCO JSON" / "COCO_fracture_masks.json"
    path.parent.mkdir(parents=True)
    images = [{"id": 5, "file_name": "IMG0000001.jpg"}, {"id": 6, "file_name": "IMG0000010.jpg"}]
    boxes = [{"image_id": 5, "bbox": [60, 112, 40, 16]}, {"image_id": 6, "bbox": [1, 2, 3, 4]}]
    path.write_text(json.dumps({"images": images, "annotations": boxes}))


def write_yolo(folder: Path) -> None:
    (folder / "Annotations" / "YOLO").mkdir(parents=True)
    labels = {
        "IMG0000001": "0 0.5 0.5 0.25 0.066667\n",
        "IMG0000010": "0 0.1 0.1 0.1 0.1\n",
        "IMG0000002": "",
    }
    for name, text in labels.items():
        (folder / "Annotations" / "YOLO" / f"{name}.txt").write_text(text)


@pytest.mark.parametrize("write_boxes", [write_coco, write_yolo])
def test_fracatlas_is_read_as_published(write_boxes, fracatlas: Path) -> None:
    write_boxes(fracatlas)
    rows = {row.image.stem[-2:]: row for row in read_layout(fracatlas)}
    assert sorted(rows) == ["01", "02", "03", "10"]  # the cut-off and the missing image are left out
    assert [rows[name].is_fractured for name in sorted(rows)] == [True, False, False, True]
    assert (rows["01"].body_part, rows["01"].has_hardware, rows["02"].has_hardware) == ("hand", True, False)
    (box,) = rows["01"].boxes
    assert box == pytest.approx((60, 112, 40, 16), abs=0.01)
    assert rows["02"].boxes == ()
    assert groups_of(list(rows.values())) == {
        frozenset({"IMG0000001.jpg", "IMG0000002.jpg"}),
        frozenset({"IMG0000003.jpg"}),
        frozenset({"IMG0000010.jpg"}),
    }


def test_dataset_of_a_spreadsheet_is_read_and_one_without_labels_says_so(fracatlas: Path) -> None:
    dataset = fracatlas / "dataset.csv"
    text = dataset.read_text()
    dataset.write_text(text, "utf-8-sig")
    assert len(read_layout(fracatlas)) == 4
    assert known_as(fracatlas) == "FracAtlas"
    dataset.write_text(text.replace("fractured", "broken"))
    with pytest.raises(ValueError, match=r"dataset.csv has no column fractured"):
        read_layout(fracatlas)
    dataset.write_text(text.replace("IMG0000003.jpg,0,1,0,0,0", "IMG0000003.jpg,0,1,0,0,yes"))
    with pytest.raises(ValueError, match=r"hardware of IMG0000003.jpg is neither 0 nor 1"):
        read_layout(fracatlas)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("YOLO/IMG0000001.txt", "0 0.5 0.5\n", "IMG0000001.txt: a line is not class, x, y, width, height"),
        ("boxes.json", "{", "boxes.json is no COCO file"),
        ("boxes.json", '{"images": [{}], "annotations": []}', "boxes.json is no COCO file"),
    ],
)
def test_boxes_of_fracatlas_that_cannot_be_read_name_their_file(
    name: str, content: str, complaint: str, fracatlas: Path
) -> None:
    path = fracatlas / "Annotations" / name
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(ValueError, match=complaint):
        read_layout(fracatlas)


def test_two_folders_label_their_images_and_names_make_groups(tmp_path: Path) -> None:
    draw(tmp_path / "Fractured" / "patient7_1.png", 0, is_broken=True)
    draw(tmp_path / "Fractured" / "anna" / "front.png", 1, is_broken=True)
    draw(tmp_path / "Not Fractured" / "patient7_2.png", 2)
    draw(tmp_path / "Not Fractured" / "patient8.png", 3)
    draw(tmp_path / "Not Fractured" / "anna" / "side.png", 4)
    rows = read_layout(tmp_path)
    assert {row.image.name for row in rows if row.is_fractured} == {"patient7_1.png", "front.png"}
    assert groups_of(rows) == {
        frozenset({"patient7_1.png", "patient7_2.png"}),
        frozenset({"front.png", "side.png"}),
        frozenset({"patient8.png"}),
    }


def test_files_in_the_two_folders_that_are_not_read_are_counted(tmp_path: Path) -> None:
    for number in range(10):
        folder = tmp_path / ("fractured", "not_fractured")[number % 2] / "day"
        draw(folder / f"{number}" / "image.png", number)
        (folder / f"{number}.dcm").touch()
    (folder / "IM0001").touch()
    (folder / ".hidden").touch()
    data = listed(tmp_path, tmp_path / "run", seed=0)
    assert (len(data.rows), data.left_out) == (10, 11)
    for picture in tmp_path.rglob("*.png"):
        picture.unlink()
    with pytest.raises(ValueError, match=r"other files do \(11\): list DICOM files in a manifest"):
        read_layout(tmp_path)


def test_same_picture_in_another_size_and_compression_is_a_near_duplicate(tmp_path: Path) -> None:
    paths = [draw(tmp_path / f"{seed}.png", seed) for seed in range(4)]
    with Image.open(paths[2]) as picture:
        picture.resize((120, 180)).save(tmp_path / "copy.jpg", quality=60)
    assert near_duplicates([*paths, tmp_path / "copy.jpg"]) == [(2, 4)]


def test_limbs_of_16_bits_are_near_duplicates_of_their_8_bit_twins_alone(tmp_path: Path) -> None:
    eight = [draw(tmp_path / f"{seed}.png", seed) for seed in range(3)]
    deep = []
    for path in eight:
        with Image.open(path) as picture:
            values = np.asarray(picture).astype(np.uint16) * 257
        values[0, 0] = 0  # a dead pixel
        deep += [path.with_suffix(".tif"), path.with_name(f"deep-{path.name}")]
        for twin in deep[-2:]:
            Image.fromarray(values).save(twin)
    pairs = {frozenset(pair) for pair in near_duplicates([*eight, *deep])}
    twins = [(number, 3 + 2 * number, 4 + 2 * number) for number in range(3)]
    assert pairs == {frozenset(pair) for same in twins for pair in itertools.combinations(same, 2)}


def test_mura_is_grouped_by_patient_across_studies(tmp_path: Path) -> None:
    train = tmp_path / "MURA-v1.1" / "train"
    draw(train / "XR_WRIST" / "patient00001" / "study1_positive" / "image1.png", 0)
    draw(train / "XR_ELBOW" / "patient00001" / "study1_negative" / "image1.png", 1)
    draw(train / "XR_ELBOW" / "patient00002" / "study1_negative" / "image1.png", 2)
    (train / "XR_ELBOW" / "patient00002" / "study1_negative" / "._image1.png").touch()
    rows = read_layout(tmp_path)
    found = {(row.body_part, row.group, row.is_fractured) for row in rows}
    assert found == {
        ("wrist", "patient00001", True),
        ("elbow", "patient00001", False),
        ("elbow", "patient00002", False),
    }


def made_up(count: int) -> list[Row]:
    return [
        Row(Path(f"{n}.png"), f"{n}.png", n % 4 == 0, "hand", (), f"patient {n // 3}", None)
        for n in range(count)
    ]


def test_folds_share_no_group_and_are_alike() -> None:
    rows = with_folds(made_up(300), seed=0)
    assert all(
        len({row.fold for row in rows if row.group == group}) == 1 for group in {r.group for r in rows}
    )
    images = Counter(row.fold for row in rows)
    fractured = Counter(row.fold for row in rows if row.is_fractured)
    assert set(images) == set(range(FOLDS))
    assert max(images.values()) - min(images.values()) <= 6
    assert max(fractured.values()) - min(fractured.values()) <= 2


def test_folds_depend_on_the_seed_and_not_on_the_order() -> None:
    rows = made_up(60)
    first = {row.name: row.fold for row in with_folds(rows, seed=3)}
    assert {row.name: row.fold for row in with_folds(rows[::-1], seed=3)} == first
    assert {row.name: row.fold for row in with_folds(rows, seed=4)} != first


def test_manifest_made_for_a_run_reads_back_with_its_folds(tmp_path: Path) -> None:
    for number in range(10):
        draw(tmp_path / "data" / ("fractured", "not_fractured")[number % 2] / f"{number}.png", number)
    rows = read_manifest(listed(tmp_path / "data", tmp_path / "run", seed=0).keep())
    assert {row.fold for row in rows} == set(range(FOLDS))
    assert sum(row.is_fractured for row in rows) == 5
    assert all(row.image.is_file() for row in rows)


def test_manifest_with_folds_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("image,label,fold\na.png,1,0\n")
    assert listed(tmp_path / "list.csv", tmp_path, seed=0).keep() == tmp_path / "list.csv"


def test_manifest_without_folds_keeps_all_it_says(tmp_path: Path) -> None:
    lines = [f'{n}.png,1,leg,{n % 2},"[[1, 2, 3, 4]]",g{n}' for n in range(6)]
    (tmp_path / "list.csv").write_text("image,label,body_part,hardware,boxes,group\n" + "\n".join(lines))
    row = read_manifest(listed(tmp_path / "list.csv", tmp_path / "run", seed=0).keep())[1]
    assert (row.image, row.body_part, row.has_hardware) == (tmp_path / "1.png", "leg", True)
    assert (row.boxes, row.group) == (((1, 2, 3, 4),), "g1")


@pytest.mark.parametrize(
    ("folders", "complaint"),
    [(["cats"], "neither FracAtlas"), (["fractured", "not_fractured"], "no image lies in")],
)
def test_folder_that_cannot_be_used_says_why(folders: list[str], complaint: str, tmp_path: Path) -> None:
    for name in folders:
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match=complaint):
        read_layout(tmp_path)


def test_too_few_groups_for_folds_are_counted() -> None:
    with pytest.raises(ValueError, match="there are 2 groups"):
        with_folds(made_up(6), seed=0)


def test_manifest_of_other_images_is_not_overwritten(tmp_path: Path) -> None:
    for number in range(10):
        draw(tmp_path / "data" / ("fractured", "not_fractured")[number % 2] / f"{number}.png", number)
    kept = listed(tmp_path / "data", tmp_path / "run", seed=0).keep()
    before = kept.read_bytes()
    assert listed(tmp_path / "data", tmp_path / "run", seed=0).keep() == kept
    draw(tmp_path / "data" / "fractured" / "11.png", 11)
    with pytest.raises(ValueError, match="lists other images"):
        listed(tmp_path / "data", tmp_path / "run", seed=0).keep()
    assert kept.read_bytes() == before


def test_only_a_layout_that_tells_a_published_data_set_is_known_as_it(
    fracatlas: Path, tmp_path: Path
) -> None:
    assert known_as(fracatlas) == "FracAtlas"
    own = (fracatlas / "dataset.csv").read_text().replace("IMG0000001.jpg", "anna.jpg")
    (fracatlas / "dataset.csv").write_text(own)
    assert known_as(fracatlas) is None  # laid out alike, but other images
    draw(tmp_path / "m" / "XR_WRIST" / "patient00001" / "study1_positive" / "image1.png", 0)
    assert known_as(tmp_path / "m") == "MURA"
    for name in ("fractured", "not_fractured"):
        draw(tmp_path / "plain" / name / "1.png", 1)
    assert known_as(tmp_path / "plain") is None
    assert known_as(fracatlas / "dataset.csv") is None


def test_fracatlas_is_described_as_in_the_facts_of_the_shipped_release() -> None:
    facts, known = json.loads((RELEASES / "facts.json").read_text("utf-8")), KNOWN_DATA["FracAtlas"]
    changed = {
        name for name in facts["training_data"] if facts["training_data"][name] != known.training_data[name]
    }
    assert changed == {"changes"}
    assert facts["body_parts"] == list(known.body_parts)
