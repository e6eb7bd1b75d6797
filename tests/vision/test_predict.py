from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from portal.image_quality import CAUTIONS, TOO_SMALL
from tests.corpus.dicom_bytes import dicom
from tests.vision.limbs import broken_limb, limb
from worker.commands import predict
from worker.vision.card import ReleaseCard
from worker.vision.detector import Detector

KEYS = ["file", "probability", "verdict", "refusal", "boxes", "cautions", "release"]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("eight.png", "deep.png", "text.png", "cut.png")}
    Image.fromarray(broken_limb()).save(made["eight.png"])
    Image.fromarray(broken_limb().astype(np.uint16) * 257).save(made["deep.png"])
    made["text.png"].write_text("no picture")
    made["cut.png"].write_bytes(made["eight.png"].read_bytes()[:2000])
    made["gone.png"] = tmp_path / "gone.png"
    return made


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def is_stroke(picture: Path) -> NDArray[np.bool_]:
    """Where the boxes' yellow is, rows and columns."""
    with Image.open(picture) as opened:
        return (np.asarray(opened) == (0xFF, 0xE0, 0x66)).all(axis=2)


def test_each_file_gets_one_line_and_a_refused_one_stops_none(
    files: dict[str, Path], tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(files[name]) for name in ("eight.png", "gone.png", "text.png", "cut.png", "deep.png")]
    assert predict.main(["--json", "--release", str(tiny_folder), *asked]) == 1
    lines = answers(capsys)
    assert [line["file"] for line in lines] == asked
    assert all(list(line) == KEYS for line in lines)
    refusals = [line["refusal"] for line in lines]
    codes = [refusal["code"] if isinstance(refusal, dict) else None for refusal in refusals]
    assert codes == [None, "not_found", "unsupported_type", "truncated", None]
    for line in lines[1:4]:
        assert (line["probability"], line["verdict"], line["boxes"]) == (None, None, [])


def test_file_gets_the_probability_of_its_pixels(
    files: dict[str, Path], tiny_folder: Path, tiny: Detector, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict.main(["--json", "--release", str(tiny_folder), str(files["eight.png"])]) == 0
    (line,) = answers(capsys)
    reading = tiny.read([tiny.prepare(broken_limb(), 0, 255)])[0]
    assert line["probability"] == pytest.approx(reading.probability, abs=1e-6)
    assert (line["verdict"], line["release"], line["refusal"]) == (reading.verdict, "tiny", None)


def test_words_are_for_people(
    files: dict[str, Path], tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predict.main(["--release", str(tiny_folder), str(files["eight.png"]), str(files["gone.png"])])
    read, refused = capsys.readouterr().out.splitlines()
    assert "probability 0." in read
    assert "not read. There is no such file" in refused


def test_heatmaps_are_written_for_the_files_that_were_read(
    files: dict[str, Path], tiny_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "heat" / "maps"
    asked = [str(files["gone.png"]), str(files["eight.png"]), str(files["eight.png"])]
    predict.main(["--release", str(tiny_folder), "--heatmap", str(out), *asked])
    pictures = sorted(out.iterdir())
    assert [picture.name for picture in pictures] == ["002-eight.png", "003-eight.png"]
    with Image.open(pictures[0]) as picture:
        assert picture.size == (160, 240)


@pytest.mark.parametrize(("option", "height_px"), [("--overlay", 60), ("--heatmap", 100)])
def test_box_of_the_answer_is_drawn_into_its_picture_dotted_when_in_doubt(
    option: str, height_px: int, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = limb()
    pixels[120 - height_px // 2 : 120 + height_px // 2, 20:140] = 255  # the larger, the more probable
    Image.fromarray(pixels).save(tmp_path / "bright.png")
    out = tmp_path / "out"
    asked = ["--json", "--release", str(tiny_folder), option, str(out), str(tmp_path / "bright.png")]
    assert predict.main(asked) == 0
    (line,) = answers(capsys)
    (box,) = line["boxes"]
    rows, columns = np.nonzero(is_stroke(out / "001-bright.png"))
    assert (columns.min(), rows.min()) == pytest.approx((box["x"], box["y"]), abs=1)
    assert columns.max() + 1 == pytest.approx(box["x"] + box["width"], abs=1)
    assert rows.max() + 1 == pytest.approx(box["y"] + box["height"], abs=1)
    has_gaps = not is_stroke(out / "001-bright.png")[rows.min(), columns.min() : columns.max() + 1].all()
    assert line["verdict"] == ("doubt" if height_px == 60 else "fracture")
    assert has_gaps == (line["verdict"] == "doubt")


def test_image_out_of_scope_gets_no_picture_that_could_pass_for_a_sound_one(
    files: dict[str, Path], tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(ReleaseCard.read(tiny_folder), least_scope=0.9999).write(tiny_folder)
    out = tmp_path / "out"
    assert predict.main(["--release", str(tiny_folder), "--overlay", str(out), str(files["eight.png"])]) == 0
    assert capsys.readouterr().out.startswith(
        f"{files['eight.png']}: out of scope. Caution: The image is small"
    )
    assert not list(out.iterdir())


@pytest.mark.parametrize("overlay", [[], ["--overlay", "elsewhere"]])
def test_folder_for_heatmaps_that_are_not_asked_for_is_refused(
    overlay: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        predict.main(["x.png", "--out", str(tmp_path / "results"), *overlay])
    assert "--out is where --overlay map or --overlay gradcam draws" in capsys.readouterr().err


def test_damaged_release_reads_nothing(
    files: dict[str, Path], tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tiny_folder / "model.onnx").write_bytes(b"")
    assert predict.main(["--release", str(tiny_folder), str(files["eight.png"])]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "checksum" in captured.err


def test_an_image_that_is_hard_to_judge_is_read_with_a_caution(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(limb(width=300, height=400)).save(tmp_path / "good.png")
    Image.fromarray(limb(width=150, height=200)).save(tmp_path / "small.png")
    files = [str(tmp_path / name) for name in ("good.png", "small.png")]
    assert predict.main(["--release", str(tiny_folder), "--json", *files]) == 0
    good, small = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert good["cautions"] == []
    assert small["cautions"] == [CAUTIONS[TOO_SMALL]]
    assert small["probability"] is not None
    predict.main(["--release", str(tiny_folder), *files])
    in_good, in_small = capsys.readouterr().out.splitlines()
    assert f"Caution: {CAUTIONS[TOO_SMALL]}" in in_small + "."
    assert "Caution" not in in_good


def test_part_that_the_file_names_and_the_release_does_not_know_is_told(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chest").write_bytes(dicom(_00180015="CHEST"))
    replace(ReleaseCard.read(tiny_folder), body_parts=("hand", "leg")).write(tiny_folder)
    predict.main(["--release", str(tiny_folder), "--json", str(tmp_path / "chest")])
    answer = json.loads(capsys.readouterr().out)
    assert any("a reading of “chest” is outside that" in caution for caution in answer["cautions"])
