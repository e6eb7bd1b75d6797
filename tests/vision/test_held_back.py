"""Which fold a release may be judged by: one that no network of it, and none that these went on from, saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from tests.vision.runs import trained  # noqa: E402
from worker.commands import evaluate, train  # noqa: E402
from worker.vision.card import Calibration, ReleaseCard  # noqa: E402
from worker.vision.model_card import model_card  # noqa: E402
from worker.vision.training import tuning  # noqa: E402

SMALL = ["--batch-size", "4"]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), 20)


def released(run: Path, folder: Path, *more: str) -> ReleaseCard:
    assert train.main(["--out", str(run), "--export", str(folder), *more]) == 0
    return ReleaseCard.read(folder)


def test_fold_that_the_start_was_trained_on_is_not_held_back(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trained(manifest, tmp_path / "a", more=[*SMALL, "--folds-train", "0,2,3", "--fold-test", "4"])
    going_on = ["--weights", str(first / "best.safetensors")]
    card = released(trained(manifest, tmp_path / "b", more=[*SMALL, *going_on]), tmp_path / "b-1")
    assert (card.metrics["fold"], card.training["folds_seen_before"]) == (None, [0, 1])
    said = capsys.readouterr().out
    assert "fold 0 is not held back" in said
    assert "--record" not in said


def test_release_that_went_on_from_another_says_what_that_saw_as_far_as_its_card_tells(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ["--folds-train", "0,2,3", "--fold-test", "4"]
    released(trained(manifest, tmp_path / "a", more=[*SMALL, *start]), tmp_path / "a-1")
    going_on = [*SMALL, "--weights", str(tmp_path / "a-1" / "weights.safetensors")]
    card = released(trained(manifest, tmp_path / "b", more=going_on), tmp_path / "b-1")
    assert (card.metrics["fold"], card.training["folds_seen_before"]) == (None, [0, 1])
    (tmp_path / "other").mkdir()
    other = write_manifest(tmp_path / "other", 25)
    capsys.readouterr()
    card = released(trained(other, tmp_path / "c", more=going_on), tmp_path / "c-1")
    assert (card.metrics["fold"], card.training["went_on_from"]) == (0, "a-1")
    assert "whether that was trained on fold 0 cannot be known" in capsys.readouterr().out
    assert evaluate.main([str(other), "--release", str(tmp_path / "c-1")]) == 0
    assert "went on from the weights of a-1: whether" in " ".join(capsys.readouterr().err.split())
    assert "had not seen" not in model_card(card)


def test_network_that_reads_no_better_than_chance_is_released_with_a_warning(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(manifest, tmp_path / "a", more=SMALL)
    for slope, is_warned in ((-0.5, True), (0.5, False)):
        turned = lambda labels, logits, slope=slope: Calibration(slope, 0.0)  # noqa: E731
        monkeypatch.setattr(tuning, "fit_calibration", turned)
        released(run, tmp_path / f"a{slope}")
        assert ("reads no better than chance" in capsys.readouterr().err) == is_warned


def test_fold_by_which_another_member_was_chosen_is_not_held_back(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = trained(manifest, tmp_path / "a", more=SMALL)
    other = trained(
        manifest, tmp_path / "b", more=[*SMALL, "--fold-tune", "0", "--fold-test", "none", "--seed", "1"]
    )
    assert released(one, tmp_path / "pair-1", "--with", str(other)).metrics["fold"] is None
    assert "fold 0 is not held back" in capsys.readouterr().out
    assert released(one, tmp_path / "one-1").metrics["fold"] == 0
    assert "to judge it once on fold 0" in capsys.readouterr().out
