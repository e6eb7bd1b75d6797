"""`./run predict` on folders as departments hand them over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from portal.settings import PROJECT_ROOT
from tests.corpus.dicom_bytes import dicom, part10
from tests.vision.limbs import limb
from worker.commands import predict
from worker.commands.files import NO_MEMORY, NOT_FOUND, read_image
from worker.intake.decoder import Decoder
from worker.intake.record import Intake

NO_OVERRIDE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]  # root reads what it may not


@dataclass(frozen=True)
class Said:
    """What a run left: its exit code, its JSON lines and its words on standard error."""

    code: int
    lines: list[dict[str, Any]]
    remarks: list[str]

    @property
    def names(self) -> list[str]:
        return [Path(line["file"]).name for line in self.lines]

    @property
    def refusals(self) -> dict[str, str]:
        """Codes by name."""
        return {
            name: line["refusal"]["code"]
            for name, line in zip(self.names, self.lines, strict=True)
            if line["refusal"]
        }


@dataclass(frozen=True)
class Predict:
    release: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> Said:
        self.capsys.readouterr()
        code = predict.main(["--json", "--release", str(self.release), *map(str, arguments)])
        captured = self.capsys.readouterr()
        lines = [json.loads(line) for line in captured.out.splitlines()]
        return Said(code, lines, captured.err.splitlines())


@pytest.fixture
def run(tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> Predict:
    return Predict(tiny_folder, capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def put_image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(limb()).save(path, "PNG")
    return path


def dicomdir() -> bytes:
    return part10(b"", sop_class="1.2.840.10008.1.3.10")


def test_folder_is_read_whole_in_natural_order(run: Predict, folder: Path) -> None:
    for name in ("IM10.png", "IM2.png", "day 3/b/IM1.png", "day 12/IM1.PNG", "im9.png"):
        put_image(folder / name)
    said = run(folder)
    order = ["day 3/b/IM1.png", "day 12/IM1.PNG", "IM2.png", "im9.png", "IM10.png"]
    assert [line["file"] for line in said.lines] == [str(folder / name) for name in order]
    assert (said.code, said.refusals, said.remarks) == (0, {}, [])


def test_files_and_folders_come_in_the_order_of_the_command_line(run: Predict, tmp_path: Path) -> None:
    first, last = put_image(tmp_path / "z.png"), put_image(tmp_path / "a.png")
    put_image(tmp_path / "folder" / "m.png")
    assert run(first, tmp_path / "folder", last).names == ["z.png", "m.png", "a.png"]


def test_bytes_and_not_names_tell_the_images_of_a_folder(run: Predict, folder: Path) -> None:
    (folder / "1.2.840.113619.2").write_bytes(dicom())
    put_image(folder / "report.txt")
    (folder / "text.png").write_text("no picture")
    said = run(folder)
    assert said.names == ["1.2.840.113619.2", "report.txt"]
    assert said.refusals == {}


def test_hidden_files_and_folders_are_not_searched(run: Predict, folder: Path) -> None:
    put_image(folder / "shown.png")
    put_image(folder / ".hidden.png")
    put_image(folder / ".trash" / "old.png")
    said = run(folder)
    assert (said.names, said.remarks) == (["shown.png"], [])


def test_what_is_no_image_is_passed_over_with_one_line(run: Predict, folder: Path) -> None:
    put_image(folder / "hand.png")
    (folder / "DICOMDIR").write_bytes(dicomdir())
    (folder / "Thumbs.db").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504))
    (folder / "README.txt").write_text("Viewer for Windows")
    (folder / "viewer").mkdir()
    (folder / "viewer" / "start.exe").write_bytes(b"MZ" + bytes(4000))
    said = run(folder)
    assert (said.code, said.names) == (0, ["hand.png"])
    (remark,) = said.remarks
    assert remark.startswith("predict: 4 files of no image kind passed over")
    named = run(folder / "DICOMDIR", folder / "Thumbs.db")
    assert named.refusals == {"DICOMDIR": "no_image", "Thumbs.db": "unsupported_type"}
    assert (named.code, named.remarks) == (1, [])


def test_images_of_a_folder_that_cannot_be_read_are_refused_and_disturb_none(
    run: Predict, folder: Path
) -> None:
    whole = put_image(folder / "b.png").read_bytes()
    (folder / "a.png").write_bytes(whole[:2000])
    (folder / "c.dcm").write_bytes(dicom()[132:])
    (folder / "d.dcm").touch()
    (folder / "e.dcm").symlink_to(folder / "fetched-later.dcm")
    put_image(folder / "f.png")
    said = run(folder)
    assert said.code == 1
    assert said.names == ["a.png", "b.png", "c.dcm", "d.dcm", "e.dcm", "f.png"]
    assert said.refusals == {
        "a.png": "truncated",
        "c.dcm": "not_part_10",
        "d.dcm": "empty",
        "e.dcm": "not_found",
    }
    assert said.remarks == []


def test_linked_folders_are_read_once_and_loops_end(run: Predict, folder: Path, tmp_path: Path) -> None:
    put_image(folder / "a" / "hand.png")
    put_image(tmp_path / "elsewhere" / "foot.png")
    (folder / "a" / "up").symlink_to(folder)
    (folder / "b").symlink_to(folder / "a")
    (folder / "c").symlink_to(tmp_path / "elsewhere")
    (folder / "self").symlink_to("self")
    said = run(folder)
    assert said.names == ["hand.png", "foot.png", "self"]
    assert said.refusals == {"self": "not_found"}


def test_pipe_in_a_folder_is_not_waited_for(run: Predict, folder: Path) -> None:
    os.mkfifo(folder / "a")
    put_image(folder / "b.png")
    assert run(folder).names == ["b.png"]


def test_pipe_that_is_named_is_refused_and_not_waited_for(run: Predict, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert run(tmp_path / "pipe").refusals == {"pipe": "no_file"}


@pytest.mark.parametrize("content", [{}, {"notes.txt": b"nothing yet"}, {".hidden": b"\xff\xd8\xff"}])
def test_folder_without_an_image_is_said_and_stops_none(
    content: dict[str, bytes], run: Predict, folder: Path, tmp_path: Path
) -> None:
    for name, written in content.items():
        (folder / name).write_bytes(written)
    said = run(folder, put_image(tmp_path / "hand.png"))
    assert (said.code, said.names) == (1, ["hand.png"])
    assert said.remarks[0] == f"predict: {folder}: there is no image in this folder"


def test_folder_that_may_not_be_read_gets_a_line_of_its_own(tiny_folder: Path, folder: Path) -> None:
    put_image(folder / "a.png")
    put_image(folder / "closed" / "b.png")
    put_image(folder / "d.png")
    (folder / "closed").chmod(0)
    command = [sys.executable, "-m", "worker.commands.predict", "--json"]
    unprivileged = NO_OVERRIDE if os.geteuid() == 0 else []
    try:
        ran = subprocess.run(
            [*unprivileged, *command, "--release", tiny_folder, folder],
            cwd=PROJECT_ROOT, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        (folder / "closed").chmod(0o700)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [Path(line["file"]).name for line in lines] == ["a.png", "closed", "d.png"]
    assert [line["probability"] is None for line in lines] == [False, True, False]
    assert lines[1]["refusal"]["code"] == "unreadable_folder"
    assert (ran.returncode, ran.stderr) == (1, "")


def test_file_that_is_gone_before_it_is_decoded_is_refused(tmp_path: Path) -> None:
    class Late(Decoder):
        def decode(self, source: Path, *rest: Any) -> Intake:
            source.unlink()
            return super().decode(source, *rest)

    with Late() as decoder:
        assert read_image(put_image(tmp_path / "hand.png"), decoder) == NOT_FOUND


def test_file_whose_decoding_is_killed_is_told_as_such(tmp_path: Path) -> None:
    with Decoder(target="tests.intake.hostile:be_killed") as decoder:
        assert read_image(put_image(tmp_path / "hand.png"), decoder) == NO_MEMORY


def test_name_that_is_no_text_is_told_all_the_same(
    tiny_folder: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_image(folder / os.fsdecode(b"M\xfcller.png"))
    out = tmp_path / "out"
    assert predict.main(["--release", str(tiny_folder), "--overlay", str(out), str(folder)]) == 0
    assert "M\\udcfcller.png: no fracture" in capsys.readouterr().out
    assert len(list(out.iterdir())) == 1


def test_pictures_of_one_name_from_several_folders_stand_side_by_side(run: Predict, tmp_path: Path) -> None:
    for name in ("mon/left/IM1.png", "mon/right/IM1.png", "tue/IM1.png", "IM1.png"):
        put_image(tmp_path / name)
    (tmp_path / "tue" / "IM1.dcm").write_bytes(dicom())
    (tmp_path / "tue" / "1.2.840.7").write_bytes(dicom())
    out = tmp_path / "out"
    run("--overlay", out, tmp_path / "mon", tmp_path / "tue", tmp_path / "IM1.png")
    assert sorted(picture.name for picture in out.iterdir()) == [
        "001-mon-left-IM1.png",
        "002-mon-right-IM1.png",
        "003-tue-1.2.840.7.png",
        "004-tue-IM1.png",
        "005-tue-IM1.png",
        "006-IM1.png",
    ]


def test_long_names_of_folders_leave_room_for_the_picture(run: Predict, tmp_path: Path) -> None:
    deep = tmp_path / ("ä" * 120) / ("b" * 240)
    put_image(deep / "IM1.png")
    out = tmp_path / "out"
    assert run("--overlay", out, tmp_path / ("ä" * 120)).code == 0
    (picture,) = out.iterdir()
    assert picture.name.startswith("001-")
    assert picture.name.endswith("b-IM1.png")


def test_pictures_written_into_the_folder_are_not_read_as_images(run: Predict, folder: Path) -> None:
    put_image(folder / "z.png")
    for _ in range(2):
        assert run("--overlay", folder / "out", folder).names == ["z.png"]
    assert [picture.name for picture in (folder / "out").iterdir()] == ["001-folder-z.png"]


def test_pictures_of_an_earlier_run_beside_the_new_ones_are_told(run: Predict, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("--overlay", out, put_image(tmp_path / "hand.png")).remarks == []
    said = run("--overlay", out, put_image(tmp_path / "foot.png"))
    assert said.remarks == [
        f"predict: {out} also holds pictures of an earlier run (1), numbered as these are"
    ]
    assert sorted(picture.name for picture in out.iterdir()) == ["001-foot.png", "001-hand.png"]


def test_pictures_are_not_mixed_with_the_images(run: Predict, folder: Path) -> None:
    put_image(folder / "hand.png")
    said = run("--overlay", folder, folder)
    assert (said.code, said.lines) == (2, [])
    assert "choose another folder for the pictures" in said.remarks[0]
    assert [path.name for path in folder.iterdir()] == ["hand.png"]
