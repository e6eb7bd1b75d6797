"""Training that ends when the tuning fold is read no better."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from tests.vision.runs import best, measures, resumed, trained  # noqa: E402
from worker.commands import train  # noqa: E402
from worker.vision.card import ReleaseCard  # noqa: E402
from worker.vision.training.loop import Trainer  # noqa: E402

SCORES = [0.5, 0.7, 0.6, 0.7, 0.9]  # of the epochs; the third and fourth bring nothing
STOPS_AFTER, BEST_EPOCH = 4, 2


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), 20)


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tuning fold's AUROC after each epoch as in SCORES: drawn limbs give no such curve on demand."""
    monkeypatch.setattr(Trainer, "_score", lambda trainer: SCORES[trainer.epochs_done - 1])


PATIENT = ["--patience", "2", "--batch-size", "4"]


@pytest.mark.usefixtures("scored")
def test_run_stops_when_no_epoch_was_better_for_a_while(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(manifest, tmp_path / "run", epochs=9, more=PATIENT)
    assert [float(line["tune_auroc"]) for line in measures(run)] == SCORES[:STOPS_AFTER]
    assert "stopped after epoch 4: for 2 epochs" in capsys.readouterr().out
    assert json.loads((run / "options.json").read_text())["patience"] == 2
    assert train.main(["--out", str(run), "--export", str(tmp_path / "early-1")]) == 0
    said = ReleaseCard.read(tmp_path / "early-1").training
    assert (said["epochs"], said["patience"]) == (9, 2)
    assert (said["epochs_done"], said["best_epoch"]) == (STOPS_AFTER, BEST_EPOCH)


@pytest.mark.usefixtures("scored")
def test_patience_goes_on_counting_in_a_resumed_run(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(manifest, tmp_path / "whole", epochs=9, more=PATIENT)
    epoch = Trainer._train_epoch

    def interrupted(trainer: Trainer, number: int) -> float:
        if number == 3:
            raise KeyboardInterrupt
        return epoch(trainer, number)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_train_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            trained(manifest, tmp_path / "run", epochs=9, more=PATIENT)
    assert len(measures(tmp_path / "run")) == 3
    run = resumed(tmp_path / "run")
    assert len(measures(run)) == STOPS_AFTER
    assert best(run) == best(whole)


@pytest.mark.usefixtures("scored")
def test_stopped_run_is_not_taken_up_again(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(manifest, tmp_path / "run", epochs=9, more=PATIENT)
    resumed(run)
    assert capsys.readouterr().out.count("stopped after epoch 4") == 2
    assert len(measures(run)) == STOPS_AFTER


@pytest.mark.usefixtures("scored")
def test_run_without_patience_goes_to_its_end(manifest: Path, tmp_path: Path) -> None:
    run = trained(manifest, tmp_path / "run", epochs=len(SCORES), more=["--batch-size", "4"])
    assert len(measures(run)) == len(SCORES)
