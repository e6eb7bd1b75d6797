"""A network that looks from near: trained, judged out of fold with the one before it, and released."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from tests.vision.engines import check_reads_alike_on_both_engines_and_explains_itself  # noqa: E402
from tests.vision.runs import ON_CPU, best  # noqa: E402
from worker.commands import cross_validate, evaluate, train  # noqa: E402
from worker.vision.card import ReleaseCard  # noqa: E402
from worker.vision.evaluation.seen import folds_trained_on  # noqa: E402
from worker.vision.networks.drawn_map import DRAWN_STRIDE  # noqa: E402
from worker.vision.training.judgement import read_judgement  # noqa: E402

IMAGES, FOLDS, SIDE = 40, 5, 96
SCHEDULE = ["--epochs", "1", "--side", str(SIDE), "--batch-size", "4", *ON_CPU]
FIRST = ["--arch", "plain-cnn-fpn", *SCHEDULE]
CLOSE = ["--arch", "plain-cnn-close", *SCHEDULE]
EVERY_FOLD = ["--folds-train", "0,1,2,3,4", "--fold-tune", "none", "--fold-test", "none"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cross-validations first and close, networks of all folds first-all and close-all, judged together."""
    folder = tmp_path_factory.mktemp("runs")
    data = ["--data", str(write_manifest(folder, IMAGES))]
    places = ["--places-of", str(folder / "first")]
    for name, recipe in (("first", FIRST), ("close", [*CLOSE, *places])):
        assert cross_validate.main([*data, *recipe, "--out", str(folder / name)]) == 0
        assert train.main([*data, *recipe, *EVERY_FOLD, "--out", str(folder / f"{name}-all")]) == 0
    members = [str(folder / "first"), str(folder / "close")]
    assert cross_validate.main(["--mean-of", *members, "--out", str(folder / "both")]) == 0
    return folder


@pytest.fixture(scope="module")
def release(runs: Path) -> Path:
    made = runs / "both-1"
    members = ["--out", str(runs / "first-all"), "--with", str(runs / "close-all")]
    assert train.main([*members, "--export", str(made), "--out-of-fold", str(runs / "both")]) == 0
    return made


def test_closer_says_nothing_by_itself_and_names_the_command_that_judges_it(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--data", str(runs / "manifest.csv"), *CLOSE, "--places-of", str(runs / "first")]
    before = best(runs / "close" / "fold-0")
    assert cross_validate.main([*asked, "--out", str(runs / "close")]) == 0
    assert f"--mean-of {runs / 'first'} {runs / 'close'}" in capsys.readouterr().out
    assert best(runs / "close" / "fold-0") == before
    assert not list(runs.glob("close/fold-*/answers.npz"))


def test_every_image_is_judged_by_two_networks_that_never_saw_it(runs: Path) -> None:
    judgement = read_judgement(runs / "both")
    assert judgement.judged.architecture == "plain-cnn-fpn+plain-cnn-close"
    assert judgement.metrics["images"] == IMAGES
    with np.load(runs / "both" / "fold-0" / "answers.npz") as said:
        assert (said["shapes"] * DRAWN_STRIDE).prod(axis=1).max() <= SIDE * SIDE
    for fold in range(FOLDS):
        options = json.loads((runs / "close" / f"fold-{fold}" / "options.json").read_text())
        assert fold not in options["folds_train"]


def test_release_with_a_second_look_reads_alike_on_both_engines_and_explains_itself(release: Path) -> None:
    card = ReleaseCard.read(release)
    assert card.architecture == "plain-cnn-fpn+plain-cnn-close"
    assert "places_of" not in json.dumps(card.training)
    check_reads_alike_on_both_engines_and_explains_itself(release)


def test_report_says_what_the_places_of_a_closer_know_of_the_judged_fold(runs: Path) -> None:
    said = "were found by networks that were trained on the fold judged here"
    assert said in (runs / "both" / "report.html").read_text()
    assert said not in (runs / "first" / "report.html").read_text()


def test_fold_that_told_a_closer_where_to_look_is_not_held_back(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The closer learns from folds 2 to 4; the networks that found its places there saw folds 0 and 1."""
    data, first = ["--data", str(runs / "manifest.csv")], shutil.copytree(runs / "first", tmp_path / "first")
    assert train.main([*data, *FIRST, "--out", str(tmp_path / "one")]) == 0
    places = ["--places-of", str(first), "--fold-tune", "none"]
    assert train.main([*data, *CLOSE, *places, "--out", str(tmp_path / "close")]) == 0
    members = ["--out", str(tmp_path / "one"), "--with", str(tmp_path / "close")]
    for name in ("both-1", "both-2"):
        assert train.main([*members, "--export", str(tmp_path / name)]) == 0
        assert "fold 0 is not held back" in capsys.readouterr().out
        card = ReleaseCard.read(tmp_path / name)
        assert (card.metrics["fold"], folds_trained_on(card)) == (None, {0, 1, 2, 3, 4})
        shutil.rmtree(first, ignore_errors=True)  # what is gone counts as having seen every fold
    judged = [data[1], "--release", str(tmp_path / "both-1"), "--fold", "0", "--record"]
    assert evaluate.main(judged) == 2
    assert "it was trained or tuned on fold 0" in capsys.readouterr().err


def test_same_seed_gives_the_same_closer(runs: Path, tmp_path: Path) -> None:
    asked = ["--data", str(runs / "manifest.csv"), *CLOSE, "--places-of", str(runs / "first"), *EVERY_FOLD]
    assert train.main([*asked, "--out", str(tmp_path / "again")]) == 0
    assert best(tmp_path / "again") == best(runs / "close-all")
    assert train.main([*asked, "--seed", "1", "--out", str(tmp_path / "other")]) == 0
    assert best(tmp_path / "other") != best(runs / "close-all")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (CLOSE, "--places-of"),
        ([*FIRST, "--places-of", "first"], "plain-cnn-fpn is none"),
        ([*CLOSE, "--places-of", "first", "--first-side", "64"], "knows no --first-side"),
        ([*CLOSE, "--places-of", "first", "--side", "64"], "another --side"),
        ([*CLOSE, "--places-of", "nowhere"], "nowhere"),
    ],
)
def test_what_a_closer_needs_and_cannot_do_is_said(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    asked = [str(runs / part) if part in ("first", "nowhere") else part for part in asked]
    out = tmp_path / "cv"
    assert cross_validate.main(["--data", str(runs / "manifest.csv"), *asked, "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not list(out.glob("fold-*/best.safetensors"))


def test_tuning_fold_is_no_choice_for_a_closer(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--data", str(runs / "manifest.csv"), *CLOSE, "--places-of", str(runs / "first")]
    assert train.main([*asked, "--out", str(tmp_path / "run")]) == 2
    assert "--fold-tune none" in capsys.readouterr().err


def test_closer_before_the_network_that_tells_it_where_is_refused(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = [str(runs / "close"), str(runs / "first")]
    assert cross_validate.main(["--mean-of", *members, "--out", str(tmp_path / "turned")]) == 2
    assert "comes last" in capsys.readouterr().err
