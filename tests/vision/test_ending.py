"""Commands that are interrupted, or whose output nobody takes, end in a line and not in a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings import PROJECT_ROOT
from tests.needs import needs_torch
from tests.vision.limbs import write_manifest


def started(command: str, *arguments: str | Path, **streams: int) -> subprocess.Popen[str]:
    """A command in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", f"worker.commands.{command}", *arguments],
        cwd=PROJECT_ROOT,
        stdout=streams.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # who runs tests may ignore it
    )


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of a hundred images, and its manifest."""
    (tmp_path / "images").mkdir()
    return write_manifest(tmp_path / "images", 100)


def test_ctrl_c_while_reading_ends_in_a_line_that_says_how_to_go_on(tiny_folder: Path, images: Path) -> None:
    command = started("predict", "--release", tiny_folder, images.parent)
    assert command.stdout is not None
    assert "limb0.png" in command.stdout.readline()
    os.killpg(command.pid, signal.SIGINT)
    _, complained = command.communicate(timeout=60)
    assert complained == "predict: stopped. What was said stands: name the files that are left.\n"
    assert command.returncode == 130


@needs_torch
def test_ctrl_c_while_cross_validating_says_that_the_same_command_goes_on(
    images: Path, tmp_path: Path
) -> None:
    recipe = ["--arch", "plain-cnn", "--side", "64", "--device", "cpu", "--epochs", "1"]
    command = started("cross_validate", "--data", images, "--out", tmp_path / "cv", *recipe)
    assert command.stdout is not None
    assert "images to train on" in command.stdout.readline()
    os.killpg(command.pid, signal.SIGINT)
    _, complained = command.communicate(timeout=60)
    assert complained == "cross-validate: stopped. The same command goes on.\n"
    assert command.returncode == 130


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_report_that_nobody_takes_ends_quietly(command: str, tiny_folder: Path, tmp_path: Path) -> None:
    manifest, reading = write_manifest(tmp_path, 4), os.pipe()
    os.close(reading[0])
    releases = ["--release", tiny_folder] if command == "evaluate" else [tiny_folder, tiny_folder]
    process = started(command, *releases, manifest, stdout=reading[1])
    os.close(reading[1])
    _, complained = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in complained
    assert "Exception" not in complained


def test_report_that_cannot_be_written_says_so(tiny_folder: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = started(
            "evaluate", "--release", tiny_folder, write_manifest(tmp_path, 4), stdout=full.fileno()
        )
    _, complained = process.communicate(timeout=60)
    assert complained.endswith("evaluate: [Errno 28] No space left on device\n")
    assert process.returncode == 2


@needs_torch
@pytest.mark.parametrize("device", ["cuda:99", "foo"])
def test_device_that_is_not_there_is_said(device: str, tiny_folder: Path, tmp_path: Path) -> None:
    process = started("predict", "--release", tiny_folder, "--device", device, write_manifest(tmp_path, 1))
    _, complained = process.communicate(timeout=60)
    assert complained.startswith(f"predict: {device}: ")
    assert (process.returncode, complained.count("\n")) == (2, 1)
