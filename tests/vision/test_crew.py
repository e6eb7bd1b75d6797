"""Several processes that train one network, started by torchrun as a user would start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.needs import needs_torch
from tests.processes import marked, new_mark, wait_for
from tests.vision.limbs import write_manifest

pytestmark = [needs_torch, pytest.mark.slow]
pytest.importorskip("torch", reason="needs torch: ./run install torch")

from tests.vision.runs import ON_CPU, best, measures, recipe  # noqa: E402
from worker.commands import train  # noqa: E402
from worker.vision.card import ReleaseCard  # noqa: E402
from worker.vision.detector import Detector  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
IMAGES, EPOCHS = 20, 12
WITHIN_S = 200.0


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), IMAGES)


def started(
    *arguments: str, module: str = "worker.commands.train", mark: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """The module in two processes, with the loopback alone to talk over."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    alone = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1"]
    return subprocess.Popen(
        [*command, *alone, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", **(mark or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(started_run: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, complained = started_run.communicate(timeout=WITHIN_S)
    return started_run.returncode, said, complained


def asked(manifest: Path, run: Path) -> list[str]:
    return [*recipe(manifest, run, EPOCHS), "--batch-size", "4"]


@pytest.fixture(scope="module")
def run(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run by two processes, and what they said."""
    folder = tmp_path_factory.mktemp("runs") / "two"
    status, said, complained = finished(started(*asked(manifest, folder)))
    assert status == 0, complained
    return folder, said


def test_two_processes_leave_one_whole_run(run: tuple[Path, str]) -> None:
    folder, said = run
    assert [line["epoch"] for line in measures(folder)] == [str(epoch + 1) for epoch in range(EPOCHS)]
    assert json.loads((folder / "options.json").read_text())["environment"]["processes"] == "2"
    assert {path.name for path in folder.iterdir()} == {
        "best.safetensors", "curves.png", "last.pt", "metrics.csv", "options.json",
    }  # fmt: skip
    with Image.open(folder / "curves.png") as curves:
        curves.verify()
    lines = said.splitlines()
    assert lines[0] == "12 images to train on, 4 to choose by"
    assert len(lines) == 1 + 2 * EPOCHS == len(set(lines))


def test_release_is_made_of_what_two_processes_trained(run: tuple[Path, str], tmp_path: Path) -> None:
    assert train.main(["--out", str(run[0]), "--export", str(tmp_path / "two-1")]) == 0
    assert ReleaseCard.read(tmp_path / "two-1").training["epochs_done"] == EPOCHS
    assert Detector.load(tmp_path / "two-1").card.architecture == "plain-cnn"


def test_crew_that_lost_a_process_goes_on_as_if_it_had_not(
    manifest: Path, run: tuple[Path, str], tmp_path: Path
) -> None:
    folder, mark = tmp_path / "lost", new_mark()
    crew = started(*asked(manifest, folder), mark=mark)
    assert wait_for((folder / "last.pt").exists, WITHIN_S)
    os.kill(next(pid for pid in marked(mark) if pid != crew.pid), signal.SIGKILL)
    assert finished(crew)[0] != 0
    assert 1 <= len(measures(folder)) < EPOCHS
    status, said, complained = finished(started("--out", str(folder), "--resume", *ON_CPU))
    assert status == 0, complained
    assert "going on after epoch" in said
    assert [line["epoch"] for line in measures(folder)] == [str(epoch + 1) for epoch in range(EPOCHS)]
    assert [line["loss"] for line in measures(folder)] == [line["loss"] for line in measures(run[0])]
    assert best(folder) == best(run[0])


def test_batch_that_cannot_be_divided_is_refused(manifest: Path, tmp_path: Path) -> None:
    status, _, complained = finished(started(*recipe(manifest, tmp_path / "run", 1), "--batch-size", "3"))
    assert status != 0
    assert "--batch-size must be a multiple of the 2 processes" in complained
    assert not (tmp_path / "run" / "best.safetensors").exists()


def test_what_is_not_there_is_said_once_and_without_a_traceback(tmp_path: Path) -> None:
    status, _, complained = finished(started(*recipe(tmp_path / "nowhere.csv", tmp_path / "run", 1)))
    assert status != 0
    own = [line for line in complained.splitlines() if "nowhere.csv" in line]
    assert len(own) == 1
    assert own[0].startswith("train: ")
    assert "in told" not in complained


def test_gradient_of_two_halves_is_that_of_the_whole_batch() -> None:
    status, said, complained = finished(started(module="tests.vision.shared_gradient"))
    assert status == 0, complained
    assert float(said) < 1e-5
