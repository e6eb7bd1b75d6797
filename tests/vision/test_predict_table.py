"""The table that `./run predict --csv` writes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from portal.settings import PROJECT_ROOT
from tests.processes import wait_for
from tests.vision.limbs import broken_limb, limb
from worker.commands import predict
from worker.vision.card import ReleaseCard

HEADER = [
    "file", "probability", "verdict", "refusal_code", "refusal_reason",
    "box_count", "boxes", "cautions", "release",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bright limb that is called fracture, one that is called sound, and one cut short."""
    made = tmp_path / "folder, of today"
    made.mkdir()
    bright = limb()
    bright[70:170, 20:140] = 255
    Image.fromarray(bright).save(made / "a.png")
    Image.fromarray(broken_limb()).save(made / "b.png")
    (made / "c.png").write_bytes((made / "a.png").read_bytes()[:2000])
    return made


def rows_in(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_table_says_what_the_json_lines_say(
    folder: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "out.csv"
    asked = ["--release", str(tiny_folder), "--json", "--csv", str(table), str(folder)]
    assert predict.main(asked) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows = rows_in(table.read_text("utf-8"))
    assert [list(row) for row in rows] == [HEADER] * 3
    for row, line in zip(rows, lines, strict=True):
        assert (row["file"], row["release"]) == (line["file"], "tiny")
        assert row["verdict"] == (line["verdict"] or "")
    for row, line in zip(rows[:2], lines[:2], strict=True):
        assert float(row["probability"]) == line["probability"]
        assert json.loads(row["boxes"]) == line["boxes"]
        assert int(row["box_count"]) == len(line["boxes"])
        assert row["refusal_code"] == row["refusal_reason"] == ""
    assert [row["box_count"] for row in rows] == ["1", "0", ""]
    assert rows[2]["refusal_code"] == "truncated"
    assert rows[2]["refusal_reason"] == lines[2]["refusal"]["reason"]
    assert rows[2]["probability"] == rows[2]["boxes"] == ""


def test_image_out_of_scope_has_no_number_in_the_table(
    folder: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(ReleaseCard.read(tiny_folder), least_scope=0.9999).write(tiny_folder)
    predict.main(["--release", str(tiny_folder), "--csv", "-", str(folder / "b.png")])
    (row,) = rows_in(capsys.readouterr().out)
    assert (row["verdict"], row["refusal_code"]) == ("out of scope", "")
    assert row["probability"] == row["box_count"] == row["boxes"] == ""


def test_table_in_a_file_leaves_the_sentences(
    folder: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "out.csv"
    table.write_text("file\nof yesterday\n")
    predict.main(["--release", str(tiny_folder), "--csv", str(table), str(folder)])
    assert f"{folder / 'a.png'}: fracture, probability" in capsys.readouterr().out
    assert [row["file"] for row in rows_in(table.read_text())] == [
        str(folder / name) for name in ("a.png", "b.png", "c.png")
    ]


def test_table_on_standard_output_stands_there_alone(
    folder: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "notes.txt").write_text("to be passed over")
    predict.main(["--release", str(tiny_folder), "--csv", "-", str(folder)])
    captured = capsys.readouterr()
    assert [row["release"] for row in rows_in(captured.out)] == ["tiny"] * 3
    assert len(captured.out.splitlines()) == 4
    assert "passed over" in captured.err


def test_two_forms_on_standard_output_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        predict.main(["--json", "--csv", "-", str(folder)])
    captured = capsys.readouterr()
    assert (stopped.value.code, captured.out) == (2, "")
    assert "--json and --csv - both want standard output" in captured.err


def test_table_in_the_folder_that_is_read_is_none_of_its_files(
    folder: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        predict.main(["--release", str(tiny_folder), "--csv", str(folder / "out.csv"), str(folder)])
        captured = capsys.readouterr()
        assert len(captured.out.splitlines()) == 3
        assert captured.err == ""


def test_table_never_replaces_an_image(
    folder: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = folder / "a.png", folder / "b.png"
    before = first.read_bytes()
    assert predict.main(["--release", str(tiny_folder), "--csv", str(first), str(second)]) == 2
    captured = capsys.readouterr()
    assert (captured.out, first.read_bytes()) == ("", before)
    assert "this is an image" in captured.err


def test_table_that_cannot_be_written_is_said_before_anything_is_read(
    folder: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "no such folder" / "out.csv"
    assert predict.main(["--release", str(tiny_folder), "--csv", str(table), str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("predict: ")
    assert "no such folder" in captured.err


def test_interrupted_run_keeps_the_rows_it_had(folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.csv"
    paths = [folder / "a.png", *[folder / "b.png"] * 500]  # more than are read before it is killed
    running = subprocess.Popen(
        [sys.executable, "-m", "worker.commands.predict", "--release", tiny_folder, "--csv", table, *paths],
        cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert wait_for(lambda: table.exists() and table.read_text().count("\n") >= 2, within_s=60)
    finally:
        running.kill()
        running.wait()
    first, *others = rows_in(table.read_text())
    assert (first["file"], first["verdict"]) == (str(folder / "a.png"), "fracture")
    assert len(others) < 500
    assert table.read_text().endswith("\n"), "each row is whole"


def test_name_that_is_no_text_has_a_row_of_text(folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    odd = folder / os.fsdecode(b"M\xfcller.png")
    (folder / "b.png").rename(odd)
    table = tmp_path / "out.csv"
    assert predict.main(["--release", str(tiny_folder), "--csv", str(table), str(odd)]) == 0
    (row,) = rows_in(table.read_text("utf-8"))
    assert row["file"].endswith("M\\udcfcller.png")
