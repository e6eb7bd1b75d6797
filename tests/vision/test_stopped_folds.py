"""Trainings and cross-validations that were stopped: why, how they go on, and what may go on from them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from tests.vision.runs import measures, recipe  # noqa: E402
from worker.commands import cross_validate, train  # noqa: E402
from worker.vision.training.loop import Trainer  # noqa: E402


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), 20)


def validate(manifest: Path, out: Path, *more: str) -> int:
    return cross_validate.main([*recipe(manifest, out, 1), "--batch-size", "4", "--fold", "0", *more])


@pytest.fixture(scope="module")
def one_fold(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-validation of which fold 0 is trained and read."""
    out = tmp_path_factory.mktemp("runs") / "cv"
    assert validate(manifest, out) == 0
    return out


@pytest.mark.parametrize("measured", [None, "epoch,loss,seconds\n"], ids=["none", "header"])
def test_fold_that_was_begun_anew_and_stopped_in_its_first_epoch_goes_on(
    measured: str | None, manifest: Path, one_fold: Path, tmp_path: Path
) -> None:
    """As after a damaged last.pt, which we ask to remove: the weights of before are still there."""
    fold = shutil.copytree(one_fold, tmp_path / "cv") / "fold-0"
    for name in ("last.pt", "answers.npz", "metrics.csv"):
        (fold / name).unlink()
    if measured is not None:
        (fold / "metrics.csv").write_text(measured)
    assert validate(manifest, tmp_path / "cv") == 0
    assert len(measures(fold)) == 1
    assert (fold / "answers.npz").exists()


def test_what_is_still_to_be_read_is_told_without_looking_at_what_was(
    manifest: Path, one_fold: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def looked_at(*given: object) -> None:
        raise AssertionError("an image was decoded")

    monkeypatch.setattr("worker.commands.recipe.read_samples", looked_at)
    assert validate(manifest, one_fold) == 0
    assert "1 of 5 folds are read" in capsys.readouterr().out


def test_no_training_starts_from_a_network_that_is_still_learning(
    manifest: Path, one_fold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learning = shutil.copytree(one_fold, tmp_path / "cv")
    options = learning / "fold-0" / "options.json"
    options.write_text(json.dumps(json.loads(options.read_text("utf-8")) | {"epochs": 3}), "utf-8")
    one, asked = learning / "fold-0" / "best.safetensors", recipe(manifest, tmp_path / "next", 1)
    for command, weights in ((train, one), (cross_validate, one), (cross_validate, learning)):
        assert command.main([*asked, "--batch-size", "4", "--weights", str(weights)]) == 2
        assert "fold-0 has learnt 1 of 3 epochs: finish its training first" in capsys.readouterr().err
    assert not (tmp_path / "next").exists()


@pytest.mark.parametrize("command", [train, cross_validate], ids=["train", "cross-validate"])
def test_batch_for_which_the_device_has_no_room_is_said(
    command: ModuleType,
    manifest: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As torch's allocator says it; `test_networks` has what the other parts of CUDA say."""

    def no_room(*given: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(Trainer, "_learn", no_room)
    assert command.main([*recipe(manifest, tmp_path / "run", 1), "--batch-size", "4"]) == 2
    said = capsys.readouterr().err
    assert "4 images at once do not fit on cpu: begin anew with a smaller --batch-size or --side" in said
