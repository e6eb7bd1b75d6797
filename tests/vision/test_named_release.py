"""What each command says of a release that is not there."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.needs import needs_torch


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("compare", ["{typo}", "{typo}", "list.csv"]),
        ("evaluate", ["list.csv", "--release", "{typo}"]),
        ("predict", ["x.png", "--release", "{typo}"]),
        pytest.param("export", ["--out", "x.onnx", "--release", "{typo}"], marks=needs_torch),
    ],
)
def test_release_that_is_not_there_is_named(
    command: str, asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typo = tmp_path / "typo"
    main = import_module(f"worker.commands.{command}").main
    assert main([part.format(typo=typo) for part in asked]) == 2
    assert capsys.readouterr().err == f"{command}: {typo}: the release has no readable card.json\n"
