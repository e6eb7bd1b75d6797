"""What the commands that train cannot be told, before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import needs_torch

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from worker.commands import cross_validate, train  # noqa: E402


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--epochs", "0"),
        ("--batch-size", "0"),
        ("--side", "-64"),
        ("--side", "0"),
        ("--first-side", "0"),
        ("--seed", "-1"),
        ("--threads", "0"),
        ("--learning-rate", "nan"),
        ("--learning-rate", "-1"),
        ("--folds-train", "2;3"),
        ("--fold-tune", "first"),
        ("--fold-test", "0,1"),
    ],
)
def test_option_that_no_run_can_have_is_refused_by_its_name(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        train.main(["--data", "manifest.csv", "--out", str(tmp_path / "run"), option, value])
    assert left.value.code == 2
    assert f"{option}: {value} is no " in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_cross_validation_is_told_which_folds_by_their_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cross_validate.main(["--data", "manifest.csv", "--out", str(tmp_path / "cv"), "--folds", "a"])
    assert "--folds: a is no list of folds, such as 0,1" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--resume"], ["--export", "{here}/first-1"]])
def test_folder_without_a_run_is_named(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--out", str(tmp_path / "typo"), *(part.format(here=tmp_path) for part in more)]
    assert train.main([*asked, "--device", "cpu"]) == 2
    assert capsys.readouterr().err == f"train: {tmp_path / 'typo'} holds no run\n"


@pytest.mark.parametrize("more", [["--epochs", "30"], ["--epochs", "15"], ["--data", "a.csv"], ["--square"]])
def test_run_that_goes_on_takes_no_other_recipe(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train.main(["--out", str(tmp_path), "--resume", *more])
    assert "--resume goes on by the run's own recipe" in capsys.readouterr().err
