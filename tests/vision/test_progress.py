"""Bars on a terminal, lines elsewhere."""

from __future__ import annotations

import io
import os
import select
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from tests.vision.runs import trained  # noqa: E402
from worker.vision.training.progress import SILENT, Progress  # noqa: E402


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal to write to, and where to read what it shows."""
    shown, written = os.openpty()
    termios.tcsetwinsize(written, (24, 80))
    with open(written, "w", encoding="utf-8") as stream:
        yield stream, shown
    os.close(shown)


def all_of(shown: int) -> str:
    """What a terminal was sent; it hands it on piece by piece, as it finds the time."""
    pieces = []
    while select.select([shown], [], [], 1.0)[0]:
        pieces.append(os.read(shown, 65536))
    return b"".join(pieces).decode()


def test_terminal_shows_a_bar_that_makes_room_for_lines(terminal: tuple[TextIO, int]) -> None:
    stream, shown = terminal
    progress = Progress(stream)
    seen = []
    for item in progress.over("abc", 3, "epoch 1", lambda: "loss 0.5"):
        progress.say(f"line {item}")
        seen.append(item)
    text = all_of(shown)
    assert seen == ["a", "b", "c"]
    assert "epoch 1" in text
    assert "0/3" in text
    assert "2/3" in text
    assert "loss 0.5" in text
    assert all(f"line {item}" in text for item in seen)


def test_log_gets_a_line_now_and_then_and_no_bar() -> None:
    log = io.StringIO()
    assert list(Progress(log).over(range(60), 60, "epoch 1", lambda: "loss 0.5")) == list(range(60))
    assert log.getvalue().splitlines() == [f"  epoch 1 step {step} of 60: loss 0.5" for step in (0, 25, 50)]


def test_reading_images_adds_nothing_to_a_log() -> None:
    log = io.StringIO()
    assert list(Progress(log).over("abc", 3, "images")) == ["a", "b", "c"]
    assert log.getvalue() == ""


def test_silent_process_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    SILENT.say("a line")
    assert list(SILENT.over("abc", 3, "epoch 1", lambda: "loss 0.5")) == ["a", "b", "c"]
    assert capfd.readouterr() == ("", "")


def test_log_of_a_run_repeats_nothing_and_holds_no_control_characters(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trained(write_manifest(tmp_path, 20), tmp_path / "run", epochs=2, more=["--batch-size", "4"])
    said, complained = capfd.readouterr()
    lines = said.splitlines()
    assert lines[0] == "12 images to train on, 4 to choose by"
    assert len(lines) == 5 == len(set(lines))
    assert all(line.isprintable() for line in lines)
    assert complained.startswith("train: WARNING: some groups (10)")  # the drawn list parts its pairs
    assert complained.count("\n") == 1
