from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.vision.limbs import write_manifest
from worker.commands import evaluate
from worker.vision.card import OperatingPoints, ReleaseCard
from worker.vision.evaluation.measures import NAMES

MEASURES = NAMES.keys()


@pytest.fixture
def held_back_zero(tiny_folder: Path) -> Path:
    replace(ReleaseCard.read(tiny_folder), metrics={"fold": 0}).write(tiny_folder)
    return tiny_folder


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "limbs").mkdir()
    return write_manifest(tmp_path / "limbs", 30)


@pytest.fixture
def calling_all(tiny_folder: Path) -> Path:
    """A release that calls everything fractured, so that every measure has a value."""
    card = replace(ReleaseCard.read(tiny_folder), operating_points=OperatingPoints(0.0, 0.0))
    card.write(tiny_folder)
    return tiny_folder


def test_held_back_fold_is_judged_unless_told_otherwise(
    held_back_zero: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main([str(manifest), "--release", str(held_back_zero), "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (report["folds"], report["images"]) == ([0], 6)
    assert "never saw" in captured.err


def test_every_row_is_judged_with_a_warning_when_asked(
    held_back_zero: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main([str(manifest), "--release", str(held_back_zero), "--all", "--json"])
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (report["folds"], report["images"], report["fractured"]) == (None, 30, 10)
    assert "trained on" in captured.err


def test_report_has_each_measure_with_its_interval(
    calling_all: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main([str(manifest), "--release", str(calling_all), "--out", str(tmp_path / "out")])
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["measures"].keys() == MEASURES
    for measure in report["measures"].values():
        assert 0 <= measure["low"] <= measure["value"] <= measure["high"] <= 1
    assert report["body_parts"]["hand"]["images"] == 30
    assert sum(sum(counts.values()) for counts in report["confusion"].values()) == 30
    assert report["hardware"] == {}  # the list does not tell
    assert "auroc" in capsys.readouterr().out


@pytest.mark.parametrize("least_scope", [None, 0.0])
def test_images_out_of_scope_are_counted_only_where_that_was_asked(
    least_scope: float | None,
    tiny_folder: Path,
    manifest: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replace(ReleaseCard.read(tiny_folder), least_scope=least_scope).write(tiny_folder)
    evaluate.main([str(manifest), "--release", str(tiny_folder), "--out", str(tmp_path / "out")])
    counted = json.loads((tmp_path / "out" / "report.json").read_text())["out_of_scope"]
    places = (tmp_path / "out" / "report.html").read_text(), capsys.readouterr().out
    assert counted == (None if least_scope is None else 0)
    for place in places:
        assert ("he check for images out of scope was not asked" in place) == (least_scope is None)


def test_predictions_and_diagrams_are_written(tiny_folder: Path, manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    evaluate.main([str(manifest), "--release", str(tiny_folder), "--fold", "2", "--out", str(out)])
    with (out / "predictions.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["image"] for line in lines] == [f"limb{number}.png" for number in range(2, 30, 5)]
    assert all(0 <= float(line["probability"]) <= 1 for line in lines)
    assert all((line["is_hit"] == "") == (line["label"] == "0") for line in lines)
    for name in ("confusion", "roc", "precision_recall", "reliability"):
        with Image.open(out / f"{name}.png") as diagram:
            assert min(diagram.size) > 400


def test_too_few_groups_for_intervals_are_said_where_the_figures_stand(
    calling_all: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    evaluate.main([str(manifest), "--release", str(calling_all), "--fold", "2", "--out", str(out)])
    said = "fewer than 10 groups of images, which is too few for intervals"
    assert f"({said})" in capsys.readouterr().out
    assert f"There are {said}" in (out / "report.html").read_text()
    report = json.loads((out / "report.json").read_text())
    assert (report["groups"], report["measures"]["accuracy"]["low"]) == (6, None)


def test_page_holds_every_figure_and_picture_and_loads_nothing(
    calling_all: Path, manifest: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    evaluate.main([str(manifest), "--release", str(calling_all), "--out", str(out)])
    page = (out / "report.html").read_text()
    report = json.loads((out / "report.json").read_text())
    for key, name in NAMES.items():
        assert f"{name}</th><td>{report['measures'][key]['value']:.3f}" in page
    assert page.count("data:image/png;base64,") == len(list(out.glob("*.png"))) >= 5
    assert not any(word in page for word in ("http:", "https:", "<script", "<link"))


def test_worst_errors_are_shown_only_while_there_are_any(
    tiny_folder: Path, manifest: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "worst_false_negatives.png"
    asked = [str(manifest), "--release", str(tiny_folder), "--fold", "2", "--out", str(tmp_path)]
    for rule_out, rule_in, is_missed in ((0.9, 1.0, True), (0.0, 0.0, False)):
        points = OperatingPoints(rule_out, rule_in)
        replace(ReleaseCard.read(tiny_folder), operating_points=points).write(tiny_folder)
        evaluate.main(asked)
        assert sheet.exists() == is_missed


def test_images_with_metal_are_counted_apart(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = manifest.read_text().splitlines()
    marked = [f"{line},{number % 5 == 0:d}" for number, line in enumerate(lines)]
    manifest.write_text("\n".join([f"{header},hardware", *marked]))
    evaluate.main([str(manifest), "--release", str(tiny_folder), "--json"])
    hardware = json.loads(capsys.readouterr().out)["hardware"]
    counts = {name: facts["images"] for name, facts in hardware.items()}
    assert counts == {"with hardware": 6, "without hardware": 24}


def test_folder_that_cannot_be_made_is_said_before_the_reading(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(manifest), "--release", str(tiny_folder), "--out", str(manifest / "out")]
    assert evaluate.main(asked) == 2
    captured = capsys.readouterr()
    assert "evaluate: [Errno 20] Not a directory" in captured.err
    assert captured.out == ""


def test_figures_are_told_though_their_folder_cannot_be_written(
    calling_all: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / "report.json").mkdir(parents=True)
    card = ReleaseCard.read(calling_all)
    replace(card, training={"folds_train": [0, 1]}, metrics={"fold": 4}).write(calling_all)
    asked = [str(manifest), "--release", str(calling_all), "--out", str(tmp_path / "out"), "--record"]
    assert evaluate.main(asked) == 2
    captured = capsys.readouterr()
    assert "Is a directory" in captured.err
    assert "auroc" in captured.out
    assert "auroc" in ReleaseCard.read(calling_all).metrics


def test_diagram_of_an_earlier_cross_validation_does_not_stay(
    tiny_folder: Path, manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "reliability_before_calibration.png").touch()
    evaluate.main([str(manifest), "--release", str(tiny_folder), "--fold", "2", "--out", str(tmp_path)])
    assert not (tmp_path / "reliability_before_calibration.png").exists()


def test_image_that_cannot_be_read_is_counted_and_named(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (manifest.parent / "limb4.png").write_bytes(b"broken")
    assert evaluate.main([str(manifest), "--release", str(tiny_folder), "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["refused"] == 1
    assert "limb4.png: This kind of file is not read here." in captured.err


def test_box_outside_its_image_is_said_before_figures_go_wrong(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest.write_text(manifest.read_text().replace("[[60, ", "[[4000, ", 1))
    assert evaluate.main([str(manifest), "--release", str(tiny_folder)]) == 2
    assert "limb0.png: a box at 4000, 52 lies outside the image" in capsys.readouterr().err


def test_recorded_measures_stand_in_a_card_that_still_loads(
    held_back_zero: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main([str(manifest), "--release", str(held_back_zero), "--record", "--json"])
    report = json.loads(capsys.readouterr().out)
    recorded = ReleaseCard.read(held_back_zero).metrics
    assert recorded["fold"] == 0
    assert recorded["auroc"] == report["measures"]["auroc"]["value"]
    assert recorded["intervals_95"].keys() == MEASURES


def test_release_trained_on_the_images_is_said_to_remember_them_wherever_figures_stand(
    tiny_folder: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = {"folds_train": [0, 1], "other_members": [{"folds_train": [2]}]}
    replace(ReleaseCard.read(tiny_folder), training=training).write(tiny_folder)
    asked = [str(manifest), "--release", str(tiny_folder), "--fold", "2", "--out", str(tmp_path / "out")]
    assert evaluate.main(asked) == 0
    said = capsys.readouterr()
    told = "The release was trained on all of these images (fold 2)"
    assert f"WARNING: {told}" in said.err
    assert f"WARNING: {told}" in said.out
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.index(told) < page.index("<h2>")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["seen"]["share"], report["seen"]["folds"]) == ("all", [2])


@pytest.mark.parametrize(("label", "missing"), [("0", "fractured images"), ("1", "sound images")])
def test_measures_of_one_kind_of_image_alone_are_explained_not_guessed(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str], label: str, missing: str
) -> None:
    header, *lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([header, *(line for line in lines if line.split(",")[1] == label)]))
    out = manifest.parent / "out"
    assert evaluate.main([str(manifest), "--release", str(tiny_folder), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "nan" not in said
    assert f"– (not defined without {missing})" in said
    assert f"<td>–</td><td>not defined without {missing}</td>" in (out / "report.html").read_text()


def test_parts_have_the_measures_that_their_images_alone_would_give(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = manifest.read_text().splitlines()
    more = [line.replace(",hand,", ",leg,").replace("limb", "leg", 1) for line in lines[:9]]
    for number in range(9):
        shutil.copy(manifest.parent / f"limb{number}.png", manifest.parent / f"leg{number}.png")
    manifest.write_text("\n".join([header, *lines, *more]))
    asked = ["--release", str(tiny_folder), "--json"]
    evaluate.main([str(manifest), *asked])
    parts = json.loads(capsys.readouterr().out)["body_parts"]
    manifest.write_text("\n".join([header, *lines]))
    evaluate.main([str(manifest), *asked])
    assert parts["hand"]["measures"] == json.loads(capsys.readouterr().out)["measures"]
    assert parts["leg"] == {"images": 9, "fractured": 3, "measures": None}


def test_page_and_terminal_give_every_measure_of_a_part(
    calling_all: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main([str(manifest), "--release", str(calling_all), "--out", str(tmp_path / "out")])
    said, page = capsys.readouterr().out, (tmp_path / "out" / "report.html").read_text()
    for name, words in NAMES.items():
        assert sum(line.startswith(f"{name} ") for line in said.splitlines()) == 2
        assert page.count(f'<th scope="row">{words}</th>') == 2


def test_fold_that_the_manifest_lacks_is_said_plainly(
    tiny_folder: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main([str(manifest), "--release", str(tiny_folder), "--fold", "9"]) == 2
    assert capsys.readouterr().err == f"evaluate: {manifest} has no row of fold 9\n"


def test_missing_manifest_is_said_plainly(tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(["/no/such.csv", "--release", str(tiny_folder)]) == 2
    assert "evaluate:" in capsys.readouterr().err
