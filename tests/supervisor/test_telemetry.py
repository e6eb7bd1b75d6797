"""ONNX Runtime's own reports about its use are off in every process of the portal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from portal.settings import Settings
from portal.supervisor import folders, plan
from worker.vision.tiny import write_tiny_release

READ = """
import pathlib, sys
from worker.vision.detector import Detector
Detector.load(pathlib.Path(sys.argv[1]))
"""
ROOT = Path(__file__).resolve().parents[2]


def test_engine_leaves_no_device_id_and_no_reports_to_send(tmp_path: Path) -> None:
    release = write_tiny_release(tmp_path / "tiny")
    settings = Settings(home=tmp_path / "h")
    folders.make(settings.home)
    user = tmp_path / "user"
    user.mkdir()
    environment = plan.children_environment(settings, {"HOME": str(user), "PYTHONPATH": str(ROOT)})
    try:
        subprocess.run([sys.executable, "-c", READ, release], env=environment, check=True)
        left = [*user.rglob("*"), *folders.scratch(settings.home).iterdir()]
        assert left == []
    finally:
        folders.leave_nothing(settings.home)
