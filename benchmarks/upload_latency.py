"""How long one X-ray takes from the click to the answer while the portal is idle, and where the time goes.

python -m benchmarks.upload_latency [--count 40] [--release DIR]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from sqlalchemy import select

from benchmarks.stage import percentile, portal, shipped_release, xrays
from portal.db import db
from portal.models import Image, Job
from tests.fixtures.installation import Installation

PAUSE_S = 0.3
POLL_S = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--release", type=Path, default=None)
    options = parser.parse_args()
    totals, uploads = [], []
    with portal(options.release or shipped_release()) as (installation, script):
        for number, content in enumerate(xrays(options.count)):
            token = script.token("/cases/new")
            started = time.perf_counter()
            answer = script.send(token, {f"{number}.jpg": content}, patient_ref=f"P-{number}")
            uploads.append(time.perf_counter() - started)
            script.wait_for(answer.headers["Location"].rsplit("/", 1)[-1], pause_s=POLL_S)
            totals.append(time.perf_counter() - started)
            time.sleep(PAUSE_S)
        stages = stage_times(installation)
    stages["upload form answered"] = uploads
    stages["upload to answer, in all"] = totals
    for name, values in stages.items():
        middle_ms, slow_ms = (percentile(values, share) * 1000 for share in (0.5, 0.95))
        print(f"{name:38} p50 {middle_ms:7.0f} ms   p95 {slow_ms:7.0f} ms")
    print(json.dumps({name: [percentile(v, 0.5), percentile(v, 0.95)] for name, v in stages.items()}))


def stage_times(installation: Installation) -> dict[str, list[float]]:
    """Seconds per stage, from the rows' own times."""
    with installation.app.app_context():
        rows = db.session.execute(
            select(Image.received_at, Job.queued_at, Job.started_at, Job.finished_at).join(Job.image)
        ).all()
    return {
        "received to decoded (intake)": [(r.queued_at - r.received_at).total_seconds() for r in rows],
        "decoded to claimed (queue)": [(r.started_at - r.queued_at).total_seconds() for r in rows],
        "claimed to written (reading)": [(r.finished_at - r.started_at).total_seconds() for r in rows],
    }


if __name__ == "__main__":
    main()
