"""What a test needs beyond the installed packages. A missing part skips the test, naming it.

    @needs_chromium
    def test_...(page): ...

With `--nothing-skipped` a missing part is a failure instead; only the GPU may be missing then.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from portal.supervisor.broker import RedisMissing, redis_binary

CHROMIUM = Path("/usr/bin/chromium")
SHARED_DATA = Path(os.environ.get("GREENSTICK_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared"))
MAY_BE_MISSING = "gpu"


def needs(part: str) -> pytest.MarkDecorator:
    return pytest.mark.needs(part)


needs_postgres = needs("postgres")
needs_redis = needs("redis")
needs_chromium = needs("chromium")
needs_gpu = needs("gpu")
needs_shared_data = needs("shared_data")
needs_torch = needs("torch")


@cache
def missing(part: str) -> str | None:
    """What to install for a part, as one line; None when the part is there."""
    is_there, what_to_do = PARTS[part]
    return None if is_there() else f"needs {what_to_do}"


def require(part: str) -> None:
    """For fixtures: skip the test that asked, when the part is missing."""
    line = missing(part)
    if line:
        pytest.skip(line)


def postgres_binaries() -> Path | None:
    """The folder with the newest PostgreSQL's programs."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _has_redis() -> bool:
    try:
        return bool(redis_binary())
    except RedisMissing:
        return False


def _has_gpu() -> bool:
    if not shutil.which("nvidia-smi") or not _has_torch():
        return False
    return subprocess.run(["nvidia-smi", "-L"], capture_output=True).stdout.startswith(b"GPU ")


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


PARTS: dict[str, tuple[Callable[[], bool], str]] = {
    "postgres": (lambda: postgres_binaries() is not None, "PostgreSQL: apt-get install postgresql"),
    "redis": (_has_redis, "Redis: apt-get install redis-server"),
    "chromium": (CHROMIUM.exists, "Chromium: apt-get install chromium"),
    "gpu": (_has_gpu, "an NVIDIA GPU with its driver (nvidia-smi)"),
    "shared_data": (
        (SHARED_DATA / "data").is_dir,
        "the data folder beside the checkout (../shared, or GREENSTICK_SHARED_DATA=DIR)",
    ),
    "torch": (_has_torch, "torch: ./run install torch"),
}
