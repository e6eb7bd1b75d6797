"""Missing parts skip tests in words, and fail them where nothing may be skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = """
import pytest
from tests import needs

PARTS = needs.PARTS
PARTS["mri"] = (lambda: False, "an MRI scanner: apt-get install mri")
PARTS["gpu"] = (lambda: False, PARTS["gpu"][1])

@needs.needs("mri")
def test_by_mark(): raise AssertionError

@pytest.fixture
def scanner(): needs.require("mri")

def test_by_fixture(scanner): raise AssertionError

@needs.needs_gpu
def test_on_gpu(): raise AssertionError

@pytest.mark.skip(reason="not today")
def test_by_whim(): raise AssertionError

def test_fine(): pass
"""


@pytest.fixture
def run_sample(tmp_path: Path) -> str:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    return str(tmp_path)


def pytest_output(folder: str, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", folder, "-p", "tests.conftest"]
    done = subprocess.run(
        [*command, "-rs", "-p", "no:cacheprovider", folder, *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_missing_part_skips_with_a_line_that_names_what_to_install(run_sample: str) -> None:
    status, output = pytest_output(run_sample)
    assert status == 0
    assert "needs an MRI scanner: apt-get install mri" in output
    assert "1 passed, 4 skipped" in output


def test_where_nothing_may_be_skipped_only_the_gpu_is(run_sample: str) -> None:
    status, output = pytest_output(run_sample, "--nothing-skipped")
    assert status == 1
    assert "1 passed, 1 skipped" in output
    assert "3 errors" in output
    assert "skipped, but --nothing-skipped is given: " in output


def test_module_that_skips_itself_fails_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    (tmp_path / "test_whole.py").write_text("import pytest; pytest.importorskip('no_such_module')")
    status, output = pytest_output(str(tmp_path), "--nothing-skipped")
    assert status not in (0, 5)
    assert "no_such_module" in output
