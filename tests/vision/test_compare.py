from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vision.limbs import write_manifest
from worker.commands import compare
from worker.vision.card import OperatingPoints, ReleaseCard
from worker.vision.evaluation.bootstrap import estimates
from worker.vision.evaluation.comparison import compared, shared
from worker.vision.evaluation.measures import NAMES, measures_of
from worker.vision.evaluation.outcome import Outcome
from worker.vision.manifest import Row
from worker.vision.tiny import write_tiny_release


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "limbs").mkdir()
    return write_manifest(tmp_path / "limbs", 20)


@pytest.fixture
def calling_all(tiny_folder: Path, tmp_path: Path) -> Path:
    """The tiny release with thresholds that call everything fractured."""
    other = write_tiny_release(tmp_path / "eager", "eager")
    replace(ReleaseCard.read(other), operating_points=OperatingPoints(0.0, 0.0)).write(other)
    return other


def outcomes(scores: np.ndarray, labels: np.ndarray) -> list[Outcome]:
    return [
        Outcome(
            Row(Path(f"{n}.png"), str(n), bool(label), "hand", (), f"g{n // 2}", None),
            float(score),
            "doubt",
            None,
        )
        for n, (score, label) in enumerate(zip(scores, labels, strict=True))
    ]


def test_release_does_not_differ_from_itself(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main([str(tiny_folder), str(tiny_folder), str(manifest), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["releases"], told["images"], told["left_out"]) == (["tiny", "tiny"], 20, 0)
    assert told["measures"].keys() == NAMES.keys()
    for measure in told["measures"].values():
        assert measure["first"] == measure["second"]
        assert measure["difference"]["value"] in (0, None)


def test_difference_is_the_second_less_the_first_at_their_own_points(
    tiny_folder: Path, calling_all: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main([str(tiny_folder), str(calling_all), str(manifest), "--json"]) == 0
    measures = json.loads(capsys.readouterr().out)["measures"]
    assert measures["rule_in_sensitivity"] == {
        "first": 0,
        "second": 1,
        "difference": {"value": 1, "low": 1, "high": 1},
    }
    assert measures["rule_in_specificity"]["difference"]["value"] == -1
    assert measures["auroc"]["difference"]["value"] == 0


def test_words_mark_the_clear_differences(
    tiny_folder: Path, calling_all: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare.main([str(tiny_folder), str(calling_all), str(manifest)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("eager less tiny, all rows: 20 images read by both")
    (auroc,) = (line for line in lines if line.startswith("AUROC"))
    (sensitivity,) = (line for line in lines if line.startswith("Sensitivity at the rule-in"))
    assert (auroc.endswith("*"), sensitivity.endswith("*")) == (False, True)


def test_no_difference_is_clear_among_too_few_groups(
    tiny_folder: Path, calling_all: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = manifest.read_text().splitlines()
    one_patient = [",".join([*line.split(",")[:-2], "anna", line.split(",")[-1]]) for line in lines]
    manifest.write_text("\n".join([header, *one_patient]))
    compare.main([str(tiny_folder), str(calling_all), str(manifest)])
    said = capsys.readouterr().out
    assert "*" not in said
    assert "+1.000" in said
    assert said.endswith("fewer than 10 groups of images, which is too few for intervals\n")


def test_same_images_tell_more_than_two_separate_intervals() -> None:
    random = np.random.default_rng(0)
    labels = random.random(120) < 0.3
    scores = np.clip(0.35 + 0.2 * labels + 0.2 * random.standard_normal(120), 0, 1)
    first = outcomes(scores, labels)
    second = outcomes(np.clip(scores + 0.03 * random.standard_normal(120), 0, 1), labels)
    paired = compared((first, second))["auroc"].difference
    groups = [outcome.row.group for outcome in first]
    alone = estimates({"auroc": measures_of(first)["auroc"]}, groups)["auroc"]
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_measures_that_need_a_fracture_are_explained_where_there_is_none(
    tiny_folder: Path, calling_all: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([header, *(line for line in lines if line.split(",")[1] == "0")]))
    assert compare.main([str(tiny_folder), str(calling_all), str(manifest)]) == 0
    said = capsys.readouterr().out
    assert "nan" not in said
    (auroc,) = (line for line in said.splitlines() if line.startswith("AUROC"))
    assert auroc.endswith("– (not defined without both fractured and sound images)")


def test_releases_that_were_trained_on_these_images_are_named(
    tiny_folder: Path, calling_all: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(ReleaseCard.read(tiny_folder), training={"folds_train": [1, 2]}).write(tiny_folder)
    replace(ReleaseCard.read(calling_all), training={"folds_train": [0]}).write(calling_all)
    compare.main([str(tiny_folder), str(calling_all), str(manifest), "--fold", "1"])
    said = capsys.readouterr().err
    assert "tiny: WARNING: The release was trained on all of these images (fold 1)" in said
    assert "eager: WARNING: The release never saw these images (fold 1)" in said  # but some of their groups


@pytest.mark.parametrize(
    ("training", "folds"),
    [({"folds_train": [0, 1]}, None), ({"folds_train": [0], "fold_tune": 1}, None), ({}, [1])],
)
def test_fold_that_a_release_learnt_from_is_not_called_held_back(
    training: dict[str, Any],
    folds: list[int] | None,
    tiny_folder: Path,
    calling_all: Path,
    manifest: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for folder, seen in ((tiny_folder, {"folds_train": [0]}), (calling_all, training)):
        replace(ReleaseCard.read(folder), training=seen, metrics={"fold": 1}).write(folder)
    assert compare.main([str(tiny_folder), str(calling_all), str(manifest), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["folds"] == folds
    assert ("which both cards say was held back" in told.err) == (folds is not None)


def test_image_that_only_one_release_read_is_left_out() -> None:
    read = outcomes(np.array([0.1, 0.2, 0.3]), np.array([True, False, True]))
    first, second = shared(read[:2], read[1:])
    assert first == second == [read[1]]
