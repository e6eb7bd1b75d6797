from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.needs import needs_torch
from tests.vision.limbs import broken_limb, limb
from worker.vision.engine import Outputs
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.parity import furthest_apart

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from worker.commands import export  # noqa: E402


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    for number, picture in enumerate((limb(), broken_limb())):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    return [str(tmp_path / f"{number}.png") for number in range(2)]


def test_file_that_cannot_be_written_where_it_is_asked_for_is_said(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tiny_folder / "card.json" / "x.onnx"
    assert export.main(["--release", str(tiny_folder), "--out", str(out)]) == 2
    assert capsys.readouterr().err.startswith("export: [Errno ")


def test_exported_network_answers_as_the_release(
    tiny_folder: Path, images: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tiny.onnx"
    assert export.main(["--release", str(tiny_folder), "--out", str(out), *images]) == 0
    assert f"on 2 images ({images[0]}, {images[1]}) at most" in capsys.readouterr().out
    picture = np.random.default_rng(0).standard_normal((3, 1, 64, 64), dtype=np.float32)
    exported, shipped = (OnnxEngine(path).run(picture) for path in (out, tiny_folder / "model.onnx"))
    np.testing.assert_allclose(exported.logits, shipped.logits, atol=1e-4)


def test_without_images_a_drawn_one_is_checked(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main(["--release", str(tiny_folder), "--out", str(tmp_path / "tiny.onnx")]) == 0
    assert "on a drawn forearm (no real image" in capsys.readouterr().out


def test_folder_is_checked_with_every_image_below_it(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export, "HELD_AT_ONCE", 2)
    seen: list[int] = []
    truly = OnnxEngine.run

    def counting(engine: OnnxEngine, batch: np.ndarray) -> Outputs:
        seen.append(len(batch))
        return truly(engine, batch)

    monkeypatch.setattr(OnnxEngine, "run", counting)
    folder = tmp_path / "limbs"
    (folder / "more").mkdir(parents=True)
    for number, place in enumerate((folder, folder, folder / "more")):
        Image.fromarray(limb(seed=number)).save(place / f"{number}.png")
    (folder / "notes.txt").write_text("no image")
    out = tmp_path / "tiny.onnx"
    assert export.main(["--release", str(tiny_folder), "--out", str(out), str(folder)]) == 0
    assert f"on 3 images ({folder}) at most" in capsys.readouterr().out
    assert sum(seen) == 3


def test_one_image_that_is_answered_otherwise_is_noticed_among_all(
    tiny_folder: Path, images: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "HELD_AT_ONCE", 1)
    truly, calls = OnnxEngine.run, list[int]()

    def wrong_at_first(engine: OnnxEngine, batch: np.ndarray) -> Outputs:
        outputs = truly(engine, batch)
        calls.append(len(batch))
        off = np.float32(0.1 if len(calls) == 1 else 0)
        return Outputs(outputs.logits + off, outputs.maps, outputs.scope)

    monkeypatch.setattr(OnnxEngine, "run", wrong_at_first)
    assert export.main(["--release", str(tiny_folder), "--out", str(tmp_path / "tiny.onnx"), *images]) == 1
    assert len(calls) == 2
    assert not list(tmp_path.glob("*.onnx*"))


def test_empty_folder_beside_images_is_named(
    tiny_folder: Path, images: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    asked = ["--release", str(tiny_folder), "--out", str(tmp_path / "tiny.onnx"), *images]
    assert export.main([*asked, str(tmp_path / "empty")]) == 1
    assert "empty: there is no image in this folder" in capsys.readouterr().err
    assert (tmp_path / "tiny.onnx").exists()


def test_network_that_answers_otherwise_is_not_kept(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    truly = OnnxEngine.run

    def wrongly(engine: OnnxEngine, batch: np.ndarray) -> Outputs:
        outputs = truly(engine, batch)
        return Outputs(outputs.logits + np.float32(0.1), outputs.maps, outputs.scope)

    monkeypatch.setattr(OnnxEngine, "run", wrongly)
    out = tmp_path / "out"
    out.mkdir()
    assert export.main(["--release", str(tiny_folder), "--out", str(out / "tiny.onnx")]) == 1
    assert "nothing kept" in capsys.readouterr().err
    assert not list(out.iterdir())


def test_images_that_cannot_be_read_check_nothing(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tiny.onnx"
    assert export.main(["--release", str(tiny_folder), "--out", str(out), str(tmp_path / "gone.png")]) == 2
    assert "nothing was checked" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.onnx*"))


def test_answer_that_is_no_number_is_never_close(tiny_folder: Path) -> None:
    from worker.vision.card import Calibration

    fine = Outputs(np.zeros(1, np.float32), np.zeros((1, 2, 2), np.float32), np.zeros(1, np.float32))
    broken = Outputs(fine.logits, fine.maps * np.nan, fine.scope)
    assert not furthest_apart(fine, broken, Calibration(1, 0)) <= 1
