from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from worker.vision.card import OperatingPoints, ReleaseCard, _seal
from worker.vision.detector import Detector
from worker.vision.errors import BadRelease
from worker.vision.onnx_engine import OnnxEngine
from worker.vision.sealing import seal_release

FILES = ["weights.safetensors", "model.onnx", "golden.npz"]


def edit(folder: Path, **changes: object) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_card_reads_back_as_written(tiny_folder: Path, tmp_path: Path) -> None:
    card = ReleaseCard.read(tiny_folder)
    card.write(tmp_path)
    assert ReleaseCard.read(tmp_path) == card


def test_card_has_the_keys_that_others_read(tiny_folder: Path) -> None:
    stored = json.loads((tiny_folder / "card.json").read_text())
    assert {"name", "architecture", "created", "preprocessing", "normalisation", "classes"} <= stored.keys()
    assert {"calibration", "body_parts", "training_data", "metrics", "checksums"} <= stored.keys()
    assert stored["operating_points"].keys() == {"rule_out", "rule_in"}
    assert sorted(stored["checksums"]) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_is_refused(name: str, tiny_folder: Path) -> None:
    path = tiny_folder / name
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    with pytest.raises(BadRelease, match=f"{name}.*checksum"):
        Detector.load(tiny_folder)


@pytest.mark.parametrize("name", FILES)
def test_truncated_file_is_refused(name: str, tiny_folder: Path) -> None:
    path = tiny_folder / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadRelease, match=name):
        Detector.load(tiny_folder)


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_refused(name: str, tiny_folder: Path) -> None:
    (tiny_folder / name).unlink()
    with pytest.raises(BadRelease, match=name):
        Detector.load(tiny_folder)


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx", "golden.npz", "card.json"])
def test_pickle_in_place_of_a_file_is_refused_and_not_run(name: str, tiny_folder: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tiny_folder / "sprung",)

    (tiny_folder / name).write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadRelease):
        Detector.load(tiny_folder)
    assert not (tiny_folder / "sprung").exists()


def test_pickle_with_its_checksum_on_the_card_is_refused_all_the_same(tiny_folder: Path) -> None:
    card = ReleaseCard.read(tiny_folder)
    (tiny_folder / "golden.npz").write_bytes(pickle.dumps({"pixels": 1}))
    resealed_without_golden(tiny_folder, card)
    with pytest.raises(BadRelease, match="golden"):
        Detector.load(tiny_folder)


def resealed_without_golden(folder: Path, card: ReleaseCard) -> None:
    from worker.vision.card import file_sha256

    replace(card, checksums={name: file_sha256(folder / name) for name in FILES}).write(folder)


def test_moved_threshold_is_refused(tiny_folder: Path) -> None:
    edit(tiny_folder, operating_points={"rule_out": 0.9, "rule_in": 0.95})
    with pytest.raises(BadRelease, match="seal"):
        Detector.load(tiny_folder)


@pytest.mark.parametrize(("rule_out", "rule_in"), [(0.6, 0.4), (-0.1, 0.5), (0.5, 1.1), (float("nan"), 0.5)])
def test_thresholds_out_of_order_are_never_written(
    rule_out: float, rule_in: float, tiny_folder: Path
) -> None:
    wrong = replace(ReleaseCard.read(tiny_folder), operating_points=OperatingPoints(rule_out, rule_in))
    with pytest.raises(BadRelease, match="operating points"):
        wrong.write(tiny_folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '"card"', "{}", "null"])
def test_card_that_is_no_card_is_refused(text: str, tiny_folder: Path) -> None:
    (tiny_folder / "card.json").write_text(text)
    with pytest.raises(BadRelease, match=r"card\.json"):
        ReleaseCard.read(tiny_folder)


def test_release_for_another_preprocessing_is_refused(tiny_folder: Path) -> None:
    card = ReleaseCard.read(tiny_folder)
    replace(card, preprocessing=replace(card.preprocessing, version=999)).write(tiny_folder)
    with pytest.raises(BadRelease, match="999"):
        Detector.load(tiny_folder)


def test_release_from_before_canvases_followed_the_limb_is_read_on_squares(tiny_folder: Path) -> None:
    card = ReleaseCard.read(tiny_folder)
    replace(card, preprocessing=replace(card.preprocessing, version=1)).write(tiny_folder)
    detector = Detector.load(tiny_folder)
    image = detector.prepare(np.arange(100 * 300, dtype=np.uint16).reshape(300, 100), 0, 30_000)
    assert image.placement.canvas == (64, 64)
    assert detector.read([image])[0].probability is not None


def test_release_whose_card_does_not_state_how_boxes_are_trimmed_keeps_its_boxes(tiny_folder: Path) -> None:
    stored = json.loads((tiny_folder / "card.json").read_text())
    del stored["box_trim"], stored["seal"]
    (tiny_folder / "card.json").write_text(json.dumps({**stored, "seal": _seal(stored)}))
    assert ReleaseCard.read(tiny_folder).box_trim == 0.87


def test_release_that_answers_otherwise_than_before_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    from worker.vision.tiny import write_tiny_release

    other = write_tiny_release(tmp_path / "other", seed=1)
    (tiny_folder / "model.onnx").write_bytes((other / "model.onnx").read_bytes())
    resealed_without_golden(tiny_folder, ReleaseCard.read(tiny_folder))
    with pytest.raises(BadRelease, match="self-test"):
        Detector.load(tiny_folder)


def test_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a network")
    with pytest.raises(BadRelease, match="ONNX"):
        OnnxEngine(tmp_path / "model.onnx")


def test_sealing_again_changes_nothing(tiny_folder: Path) -> None:
    before = (tiny_folder / "card.json").read_text()
    seal_release(tiny_folder, ReleaseCard.read(tiny_folder))
    assert (tiny_folder / "card.json").read_text() == before
