"""Which figures may be written into a release's card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.vision.full_disk import room_for
from tests.vision.limbs import write_manifest
from worker.commands import evaluate
from worker.vision.boxes import VERSION
from worker.vision.card import ReleaseCard
from worker.vision.evaluation.measures import NAMES


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "limbs").mkdir()
    return write_manifest(tmp_path / "limbs", 30)


def recorded(folder: Path, manifest: Path, *more: str) -> int:
    return evaluate.main([str(manifest), "--release", str(folder), "--record", "--json", *more])


@pytest.mark.parametrize(
    ("training", "metrics", "more", "reason"),
    [
        ({"folds_train": [0, 1]}, {}, ["--fold", "1"], "trained or tuned on fold 1"),
        ({"folds_train": [0], "other_members": [{"folds_train": [2]}]}, {}, ["--fold", "2"], "fold 2"),
        ({"folds_train": [0, 1, 2], "fold_tune": 3}, {}, ["--fold", "3"], "trained or tuned on fold 3"),
        ({"folds_train": [0, 1]}, {"fold": 4}, ["--all"], "trained or tuned on folds 0, 1"),
        ({}, {"folds": [0, 1], "auroc": 0.9, "before_calibration": {"brier": 0.1}}, [], "several folds"),
        ({"folds_train": [0, 1]}, {"fold": 4}, ["--fold", "3"], "for fold 4"),
        ({"folds_train": [0, 1], "list_sha256": "0" * 64}, {"fold": 4}, [], "the list that the release"),
        ({}, {}, ["--fold", "3"], "does not say which folds it was trained on"),
    ],
    ids=["trained", "member", "tuned", "all", "out-of-fold", "another", "list", "unstated"],
)
def test_card_takes_no_figures_but_those_of_its_held_back_fold(
    tiny_folder: Path,
    manifest: Path,
    capsys: pytest.CaptureFixture[str],
    training: dict[str, Any],
    metrics: dict[str, Any],
    more: list[str],
    reason: str,
) -> None:
    replace(ReleaseCard.read(tiny_folder), training=training, metrics=metrics).write(tiny_folder)
    before = (tiny_folder / "card.json").read_bytes()
    assert recorded(tiny_folder, manifest, *more) == 2
    assert (tiny_folder / "card.json").read_bytes() == before
    said = capsys.readouterr()
    assert reason in said.err
    assert said.out == ""


def test_held_back_fold_stands_in_the_card_with_its_figures(tiny_folder: Path, manifest: Path) -> None:
    training = {"folds_train": [0, 1], "fold_tune": 2}
    replace(ReleaseCard.read(tiny_folder), training=training).write(tiny_folder)
    assert recorded(tiny_folder, manifest, "--fold", "4") == 0
    metrics = ReleaseCard.read(tiny_folder).metrics
    assert (metrics["fold"], metrics["images"]) == (4, 6)
    assert metrics["body_parts"]["hand"]["auroc"] is None  # six images are too few


def test_fold_is_recorded_once(tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = {"folds_train": [0, 1], "fold_tune": 2}
    replace(ReleaseCard.read(tiny_folder), training=training, metrics={"fold": 4}).write(tiny_folder)
    assert recorded(tiny_folder, manifest) == 0
    before = (tiny_folder / "card.json").read_bytes()
    assert recorded(tiny_folder, manifest) == 2
    assert "holds figures already" in capsys.readouterr().err
    assert (tiny_folder / "card.json").read_bytes() == before


def test_full_disk_leaves_the_card_as_it_was(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(ReleaseCard.read(tiny_folder), training={"folds_train": [0, 1]}).write(tiny_folder)
    before = {path.name: path.read_bytes() for path in tiny_folder.iterdir()}
    with room_for(500):
        assert recorded(tiny_folder, manifest, "--fold", "4") == 2
    assert "File too large" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tiny_folder.iterdir()} == before


def test_images_of_no_fold_are_not_recorded(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([lines[0], *(line.rsplit(",", 1)[0] + "," for line in lines[1:])]))
    replace(ReleaseCard.read(tiny_folder), training={"folds_train": [0, 1]}).write(tiny_folder)
    assert recorded(tiny_folder, manifest) == 2
    assert "does not say of each in which fold it is" in capsys.readouterr().err


def test_parts_stand_in_the_card_with_every_measure_and_its_interval(
    tiny_folder: Path, manifest: Path
) -> None:
    lines = manifest.read_text().splitlines()
    one_fold = [lines[0], *(line.rsplit(",", 1)[0] + ",0" for line in lines[1:])]
    manifest.write_text("\n".join(one_fold))
    replace(ReleaseCard.read(tiny_folder), training={"folds_train": [1]}).write(tiny_folder)
    assert recorded(tiny_folder, manifest, "--fold", "0") == 0
    metrics = ReleaseCard.read(tiny_folder).metrics
    assert metrics["box_rule_version"] == VERSION
    hand = metrics["body_parts"]["hand"]
    assert (hand["images"], hand["fractured"]) == (30, 10)
    for name in NAMES:  # the only part is the whole
        assert (hand[name], hand[f"{name}_interval_95"]) == (metrics[name], metrics["intervals_95"][name])
