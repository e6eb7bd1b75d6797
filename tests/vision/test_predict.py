from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vision.limbs import broken_limb
from worker.commands import predict
from worker.vision.detector import Detector

KEYS = ["file", "probability", "verdict", "refusal", "boxes", "release"]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("eight.png", "deep.png", "text.png", "cut.png")}
    Image.fromarray(broken_limb()).save(made["eight.png"])
    Image.fromarray(broken_limb().astype(np.uint16) * 257).save(made["deep.png"])
    made["text.png"].write_text("no picture")
    made["cut.png"].write_bytes(made["eight.png"].read_bytes()[:2000])
    made["gone.png"] = tmp_path / "gone.png"
    return made


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


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


def test_damaged_release_reads_nothing(
    files: dict[str, Path], tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tiny_folder / "model.onnx").write_bytes(b"")
    assert predict.main(["--release", str(tiny_folder), str(files["eight.png"])]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "checksum" in captured.err
