"""Why nothing of a waiting case is opened or read just now, so that no time is promised."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from portal.clock import database_now
from portal.db import db
from portal.models import Release, Worker
from portal.queries.cases import ReadCase
from portal.queries.health import SEEN_WITHIN
from portal.queries.releases import MARK

SAYS_WHY = "at the moment; the dashboard says why."
NO_RELEASE = "No release is active: it is read as soon as there is one."
NOT_OPENED = f"No worker opens images {SAYS_WHY}"
NOT_READ = f"No worker reads images {SAYS_WHY}"
REFUSED = f"No worker can read with {{name}} {SAYS_WHY}"


def why_it_stands_still(read: ReadCase) -> str:
    """In words for staff; empty when nothing waits, or someone works on it or will."""
    waiting = [image for image in read.images if image.outcome == "waiting"]
    if not waiting or any(image.is_running for image in waiting):
        return ""
    workers = _living_workers()
    releases = {image.telling_job.release.name for image in waiting if image.telling_job}
    if not releases:
        return _why_not_opened(workers)
    reasons = [_why_not_read(name, workers) for name in sorted(releases)]
    return "" if "" in reasons else reasons[0]


def _living_workers() -> Sequence[Worker]:
    return db.session.scalars(
        select(Worker).where(Worker.seen_at > database_now(db.session) - SEEN_WITHIN)
    ).all()


def _why_not_opened(workers: Sequence[Worker]) -> str:
    if db.session.scalar(select(Release.id).where(Release.state == "active")) is None:
        return NO_RELEASE
    can_open = any(worker.kind == "intake" and worker.is_able for worker in workers)
    return "" if can_open else NOT_OPENED


def _why_not_read(release_name: str, workers: Sequence[Worker]) -> str:
    """A worker that refuses one release still reads with another."""
    readers = [worker for worker in workers if worker.kind == "inference"]
    refusing = [worker for worker in readers if worker.condition.startswith(f"{MARK}{release_name}: ")]
    others = (worker for worker in readers if worker not in refusing)
    if any(worker.is_able or worker.condition.startswith(MARK) for worker in others):
        return ""
    return REFUSED.format(name=release_name) if refusing else NOT_READ
