"""What the card of a release says of its data and its starting weights, and what it does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest
from tests.vision.test_sources import draw

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from tests.vision.runs import ON_CPU, resumed, trained  # noqa: E402
from worker.commands import train  # noqa: E402
from worker.vision.card import ReleaseCard, file_sha256  # noqa: E402
from worker.vision.shelf import RELEASES  # noqa: E402

UNSTATED = {
    "name": "not stated",
    "licence": "not stated",
    "attribution": "not stated",
    "origin": "not stated",
}
OWN = {"name": "ours", "licence": "none", "attribution": "ours", "origin": "our archive"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), 40)


@pytest.fixture(scope="module")
def run(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(manifest, tmp_path_factory.mktemp("runs") / "first")


def released(run: Path, folder: Path, more: Sequence[str] = ()) -> ReleaseCard:
    assert train.main(["--out", str(run), "--export", str(folder), *more]) == 0
    return ReleaseCard.read(folder)


def write_facts(folder: Path, facts: dict[str, Any]) -> list[str]:
    (folder / "facts.json").write_text(json.dumps(facts))
    return ["--facts", str(folder / "facts.json")]


def mura(folder: Path) -> Path:
    for number in range(20):
        kind = "positive" if number % 3 == 0 else "negative"
        study = folder / "XR_WRIST" / f"patient{number:05}" / f"study1_{kind}"
        draw(study / "image1.png", number, is_broken=number % 3 == 0)
    return folder


def test_release_of_a_manifest_states_no_data_and_the_parts_that_its_rows_name(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = released(run, tmp_path / "own-1")
    assert card.training_data == UNSTATED
    assert card.body_parts == ("hand",)
    assert card.backbone["name"] == "none: random weights"
    assert "does not state what it was trained on" in capsys.readouterr().out


def test_rows_of_one_or_several_or_no_known_part_are_named_by_those_known(tmp_path: Path) -> None:
    write_manifest(tmp_path, 40)
    text = (tmp_path / "manifest.csv").read_text()
    for old, part in (("limb2.png", "leg+hip"), ("limb3.png", "unknown"), ("limb0.png", "elbow")):
        text = text.replace(f"{old},0,hand", f"{old},0,{part}").replace(f"{old},1,hand", f"{old},1,{part}")
    (tmp_path / "manifest.csv").write_text(text)
    card = released(trained(tmp_path / "manifest.csv", tmp_path / "run"), tmp_path / "own-1")
    assert card.body_parts == ("hand", "hip", "leg")  # the elbow lies in fold 0, which was not trained on


def test_release_of_two_plain_folders_states_neither_data_nor_body_parts(tmp_path: Path) -> None:
    for number in range(20):
        draw(tmp_path / "data" / ("not_fractured" if number % 3 else "fractured") / f"{number}.png", number)
    run = trained(tmp_path / "data", tmp_path / "run", more=["--batch-size", "4"])
    card = released(run, tmp_path / "own-1")
    assert (card.training_data, card.body_parts) == (UNSTATED, ())


def test_release_of_mura_names_it_and_that_its_images_must_not_be_passed_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(mura(tmp_path / "data"), tmp_path / "run", more=["--batch-size", "4"])
    card = released(run, tmp_path / "own-1")
    assert "MURA" in card.training_data["name"]
    assert "forbids to pass the images on" in card.training_data["licence"]
    assert "Stanford" in card.training_data["origin"]
    assert card.body_parts == ("wrist",)
    assert "trained on MURA" in capsys.readouterr().out


def test_facts_that_are_given_are_stated_and_nothing_besides(run: Path, tmp_path: Path) -> None:
    shipped = json.loads((RELEASES / "facts.json").read_text("utf-8"))
    card = released(run, tmp_path / "own-1", ["--facts", str(RELEASES / "facts.json")])
    assert card.training_data == shipped["training_data"]
    assert list(card.body_parts) == shipped["body_parts"]
    card = released(run, tmp_path / "own-2", write_facts(tmp_path, {"training_data": OWN}))
    assert (card.training_data, card.body_parts) == (OWN, ("hand",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("{}", "states neither"),
        ('{"body_parts": "hand"}', "no list of names"),
        ('{"training_data": {"name": "ours"}}', "needs name, licence, attribution"),
        ('{"body_parts": [], "backbones": {"own": {"name": "ours"}}}', "backbones needs"),
    ],
)
def test_facts_that_cannot_be_used_make_no_release(
    text: str, complaint: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "facts.json").write_text(text)
    asked = ["--out", str(run), "--export", str(tmp_path / "own-1"), "--facts", str(tmp_path / "facts.json")]
    assert train.main(asked) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "own-1").exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"folds_train": []}', "note and failures, and nothing else"),
        ("[1]", "note and failures, and nothing else"),
        ('{"failures": "abc"}', "failures is no list of texts"),
        ('{"failures": ["feet", 1]}', "failures is no list of texts"),
        ('{"note": 1}', "note is no text"),
        ("{", "is not JSON"),
    ],
)
def test_remarks_say_nothing_of_the_training_itself(
    text: str, complaint: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remarks = tmp_path / "remarks.json"
    remarks.write_text(text)
    asked = ["--out", str(run), "--export", str(tmp_path / "own-1"), "--remarks", str(remarks)]
    assert train.main(asked) == 2
    said = capsys.readouterr().err
    assert f"{remarks}" in said
    assert complaint in said
    assert not (tmp_path / "own-1").exists()


def test_remarks_stand_on_the_card(run: Path, tmp_path: Path) -> None:
    remarks = {"note": "made by hand", "failures": ["feet", "metal"]}
    (tmp_path / "remarks.json").write_text(json.dumps(remarks))
    card = released(run, tmp_path / "own-1", ["--remarks", str(tmp_path / "remarks.json")])
    assert {name: card.training[name] for name in remarks} == remarks


def test_licence_of_starting_weights_is_stated_for_the_known_file_alone(
    manifest: Path, run: Path, tmp_path: Path
) -> None:
    start = tmp_path / "start.safetensors"
    shutil.copy(run / "best.safetensors", start)
    going_on = trained(manifest, tmp_path / "on", more=["--weights", str(start)])
    assert released(going_on, tmp_path / "own-1").backbone["licence"] == "not stated here"
    entry = {"name": "ours", "licence": "ours alone", "pre-training": "limbs"}
    other = {"body_parts": ["hand"], "backbones": {"plain-cnn": {**entry, "sha256": "0" * 64}}}
    card = released(going_on, tmp_path / "own-2", write_facts(tmp_path, other))
    assert card.backbone["licence"] == "not stated here"  # the same architecture, another file
    fitting = {"body_parts": ["hand"], "backbones": {"plain-cnn": {**entry, "sha256": file_sha256(start)}}}
    start.unlink()  # the run has kept its SHA-256
    assert released(going_on, tmp_path / "own-3", write_facts(tmp_path, fitting)).backbone == entry


def test_run_that_goes_on_inherits_what_the_one_before_started_from_and_saw(
    manifest: Path, tmp_path: Path
) -> None:
    first = trained(mura(tmp_path / "data"), tmp_path / "first", more=["--batch-size", "4"])
    second = trained(manifest, tmp_path / "on", more=["--weights", str(first / "best.safetensors")])
    card = released(second, tmp_path / "own-1")
    assert card.backbone["name"] == "none: random weights"
    assert "MURA" in card.training_data["name"]
    assert "not stated" in card.training_data["name"]
    assert card.body_parts == ("hand", "wrist")
    third = trained(
        manifest, tmp_path / "third", more=["--weights", str(tmp_path / "own-1/weights.safetensors")]
    )
    card = released(third, tmp_path / "own-2")
    assert "MURA" in card.training_data["name"]  # as the card beside those weights says
    assert card.backbone["name"] == "none: random weights"


def test_weights_that_were_replaced_since_tell_nothing(manifest: Path, tmp_path: Path) -> None:
    first = trained(manifest, tmp_path / "first")
    second = trained(manifest, tmp_path / "on", more=["--weights", str(first / "best.safetensors")])
    shutil.copy(second / "best.safetensors", first / "best.safetensors")
    assert released(second, tmp_path / "own-1").backbone["licence"] == "not stated here"


def test_run_does_not_go_on_when_the_weights_that_it_started_from_were_replaced(
    manifest: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = tmp_path / "start.safetensors"
    shutil.copy(run / "best.safetensors", start)
    stopped = trained(manifest, tmp_path / "on", more=["--weights", str(start)])
    shutil.copy(stopped / "best.safetensors", start)
    before = {path.name: path.read_bytes() for path in stopped.iterdir()}
    assert train.main(["--out", str(stopped), "--resume", *ON_CPU]) == 2
    assert f"{start} was replaced since the run in {stopped} started from it" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in stopped.iterdir()} == before
    shutil.copy(run / "best.safetensors", start)
    resumed(stopped)
