"""Promises about the shape of the code, read from the code itself."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from portal.queueing import TASKS
from portal.settings import PROJECT_ROOT, Settings
from portal.supervisor.plan import Address, processes

LAYERS = {
    "portal.errors": 0, "portal.refusals": 0, "portal.image_quality": 0,
    "portal.file_patient": 0, "portal.logs": 0, "portal.time_zone": 0,
    "portal.settings": 1, "portal.home_folder": 1, "portal.sniff": 1, "portal.arrays": 1,
    "portal.clock": 2, "portal.db": 2, "portal.storage": 2, "portal.queueing": 2,
    "portal.models": 3, "portal.services": 3,
    "portal.core": 4, "portal.queries": 4,
    "portal.actions": 5,
    "portal.web": 6, "portal.forms": 6,
    "portal.views": 7,
    "portal.app": 8, "portal.supervisor": 8,
    "portal.serve": 9, "portal.commands": 9,
    "worker.vision": 9, "worker.intake": 9, "worker.watchdog": 9, "worker.device": 9,
    "worker.pulse": 10, "worker.pipeline": 10, "worker.tasks": 10,
    "worker.assembly": 11, "worker.sweeper": 11, "worker.commands": 11,
    "portal": 12, "worker": 12, "worker.start": 12,
}  # fmt: skip
"""Lower is deeper. A module may import its own layer's package and anything deeper, never upwards."""

PURE = {
    "worker.vision": {"worker.vision"},
    "worker.intake": {
        "worker.intake",
        "portal.refusals",
        "portal.image_quality",
        "portal.file_patient",
        "portal.sniff",
    },
    "portal.supervisor": {
        "portal.supervisor",
        "portal.home_folder",
        "portal.settings",
        "portal.errors",
        "portal.time_zone",
    },
}
"""Packages that may import these of ours and nothing else."""


def modules() -> list[Path]:
    return [path for top in ("portal", "worker") for path in sorted((PROJECT_ROOT / top).rglob("*.py"))]


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Our modules that a file imports when it is loaded (not inside a function, not for types only)."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("portal", "worker")}


def layer_of(name: str) -> tuple[str, int]:
    """The longest known prefix of a module's name, and its height."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        prefix = ".".join(parts[:end])
        if prefix in LAYERS:
            return prefix, LAYERS[prefix]
    raise AssertionError(f"{name} belongs to no layer: say in LAYERS where it stands")


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_no_import_points_up(path: Path) -> None:
    home, height = layer_of(module_name(path))
    for name in imports_of(path):
        target, target_height = layer_of(name)
        assert target == home or target_height < height, f"imports {name}"


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_know_nothing_of_the_rest(package: str) -> None:
    for path in modules():
        if not module_name(path).startswith(package):
            continue
        for name in imports_of(path):
            assert any(name.startswith(allowed) for allowed in PURE[package]), f"{path.name} imports {name}"


def test_web_process_loads_no_model_code() -> None:
    heavy = ("torch", "onnxruntime", "numpy", "PIL", "pydicom", "worker")
    script = f"import sys, wsgi; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_every_queue_is_consumed_by_a_supervised_worker(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, redis_url="unix:///nowhere", device="cpu")
    commands = [command.argv for command in processes(settings, Address("127.0.0.1", 8000), {})]
    for queue in TASKS:
        assert any(argv[-2:] == ("worker.start", queue) for argv in commands), f"no process consumes {queue}"


def test_modules_stay_small() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert statistics.median(lengths.values()) < 100
    assert max(lengths.values()) <= 300, max(lengths, key=lambda path: lengths[path])
