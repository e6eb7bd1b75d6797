"""A real worker whose GPU fails, and one whose disk takes nothing: what waits is read afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.db import db
from portal.models import Case, Worker
from portal.settings import PROJECT_ROOT
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.rows import jobs_of, new_case, new_user, received_file
from tests.needs import needs_redis
from tests.processes import wait_for
from tests.services.redis import RedisServer
from worker.pulse import EX_TROUBLE

pytestmark = [needs_redis, pytest.mark.slow]

WORKER_WHOSE_GPU_FAILS = """
import sys
from worker.vision.detector import Detector
from worker.vision.errors import DeviceFailed

def fail(*_):
    raise DeviceFailed("cuda:0: CUDA error: uncorrectable ECC error encountered")

Detector.read = fail
sys.argv = ["worker.start", "inference"]
from worker.start import main
main()
"""


@pytest.fixture
def line(tmp_path: Path, own_redis: RedisServer) -> Iterator[Installation]:
    """Intake and sweeper run, and no inference worker."""
    installation = Installation(tmp_path / "home", own_redis.url)
    installation.start("intake", "sweeper")
    with installation.app.app_context():
        yield installation
    installation.stop()


def waiting_case(line: Installation) -> Case:
    """Two images, decoded and waiting to be read."""
    contents = limb_png(1), limb_png(2)
    for content in contents:
        line.app.extensions["greenstick.storage"].keep_bytes("originals", content)
    files = [received_file(f"{place}.png", content) for place, content in enumerate(contents)]
    case = new_case(new_user("admin"), files)
    assert wait_for(lambda: len(jobs_of(case)) == 2, 60)
    return case


def kinds_seen() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Worker.kind)))


def condition() -> str:
    """What the newest inference worker says of itself."""
    db.session.rollback()
    newest = select(Worker.condition).where(Worker.kind == "inference").order_by(Worker.started_at.desc())
    return db.session.scalars(newest.limit(1)).first() or ""


def is_read(case: Case) -> bool:
    return {job.state for job in jobs_of(case)} == {"done"}


def test_worker_whose_gpu_fails_ends_and_the_next_one_reads(line: Installation) -> None:
    case = waiting_case(line)
    ended = subprocess.run(
        [sys.executable, "-c", WORKER_WHOSE_GPU_FAILS], cwd=PROJECT_ROOT, env=line.environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == EX_TROUBLE, ended.stderr
    assert condition().startswith("release tiny: the GPU failed")
    assert [(job.state, job.attempts) for job in jobs_of(case)] == [("queued", 1)] * 2
    line.start("inference")
    assert wait_for(lambda: is_read(case), 60), line.log("inference")


def test_worker_goes_on_by_itself_when_the_disk_takes_heatmaps_again(line: Installation) -> None:
    line.start("inference")
    assert wait_for(lambda: kinds_seen() == {"intake", "sweeper", "inference"}, 60)
    heatmaps = line.settings.files_dir / "heatmaps"
    heatmaps.rmdir()
    heatmaps.touch()  # root writes where permissions forbid it, but not below a file
    case = waiting_case(line)
    assert wait_for(lambda: "the machine's files fail" in condition(), 60), line.log("inference")
    assert [(job.state, job.attempts) for job in jobs_of(case)] == [("queued", 0)] * 2
    heatmaps.unlink()
    heatmaps.mkdir()
    assert wait_for(lambda: is_read(case), 90), line.log("inference")
    assert wait_for(lambda: condition() == "ready", 20)
