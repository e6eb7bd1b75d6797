"""How fast an admin's re-run goes, as a ratio to the bare engine on the same images in the same run.

python -m benchmarks.rerun_throughput [--count 200] [--release DIR]
"""

from __future__ import annotations

import argparse
import json
import time
import uuid
from pathlib import Path

import numpy as np
from sqlalchemy import Select, func, select

from benchmarks.stage import portal, shipped_release, xrays
from portal.actions.batches import rerun_selection
from portal.actions.events import Actor
from portal.db import db
from portal.models import OPEN_STATES, Case, Job, Release, User
from portal.queries.work import jobs_to_read
from tests.fixtures.installation import Installation
from tests.fixtures.script import PortalScript
from tests.processes import wait_for
from worker.device import reading_threads
from worker.vision.detector import Detector

FILES_PER_CASE = 20
WITHIN_S = 900


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--release", type=Path, default=None)
    options = parser.parse_args()
    release = options.release or shipped_release()
    with portal(release, "admin") as (installation, script):
        fill(installation, script, options.count)
        (first_s, batch_id), (second_s, _) = rerun(installation), rerun(installation)
        rerun_s = min(first_s, second_s)
        bare_s = bare_engine_s(installation, release, batch_id)
    figures = {
        "images": options.count,
        "bare engine, images/s": options.count / bare_s,
        "re-run, images/s": options.count / rerun_s,
        "ratio": bare_s / rerun_s,
    }
    print(json.dumps(figures, indent=2))


def fill(installation: Installation, script: PortalScript, count: int) -> None:
    files = xrays(count)
    for start in range(0, count, FILES_PER_CASE):
        chunk = files[start : start + FILES_PER_CASE]
        script.upload({f"{start + n}.jpg": f for n, f in enumerate(chunk)}, patient_ref=f"P-{start}")
    assert wait_for(lambda: open_cases(installation) == 0, WITHIN_S), "the upload was not read in time"


def rerun(installation: Installation) -> tuple[float, uuid.UUID]:
    """Seconds from the admin's click to the last finding, and the batch."""
    with installation.app.app_context():
        release_id = db.session.scalars(select(Release.id)).one()
        admin_id = db.session.scalars(select(User.id)).one()
        started = time.perf_counter()
        batch = rerun_selection(select(Case.id), "everything", release_id, "benchmark", Actor(admin_id))
        installation.app.extensions["greenstick.doorbell"].ring("inference")
    assert wait_for(lambda: open_jobs(installation, batch.id) == 0, WITHIN_S)
    seconds = time.perf_counter() - started
    time.sleep(6)  # the sweeper closes the batch, so that the next equal re-run may start
    return seconds, batch.id


def bare_engine_s(installation: Installation, release: Path, batch_id: uuid.UUID) -> float:
    """Seconds to load, prepare and read the same arrays one after another, with as many threads."""
    detector = Detector.load(release, threads=reading_threads(installation.settings.cpu_threads))
    storage = installation.app.extensions["greenstick.storage"]
    with installation.app.app_context():
        images = jobs_to_read(list(db.session.scalars(select(Job.id).where(Job.batch_id == batch_id))))
    installation.kill("inference")
    started = time.perf_counter()
    for image in images:
        array = np.load(storage.path("arrays", image.array_sha256), allow_pickle=False)
        detector.read([detector.prepare(array, image.low, image.high)])
    return time.perf_counter() - started


def open_cases(installation: Installation) -> int:
    return _count(installation, select(func.count()).select_from(Case).where(Case.state == "waiting"))


def open_jobs(installation: Installation, batch_id: object) -> int:
    still_open = (Job.batch_id == batch_id, Job.state.in_(OPEN_STATES))
    return _count(installation, select(func.count()).select_from(Job).where(*still_open))


def _count(installation: Installation, query: Select[int]) -> int:
    with installation.app.app_context():
        return db.session.scalar(query) or 0


if __name__ == "__main__":
    main()
