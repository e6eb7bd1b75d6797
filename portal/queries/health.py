"""Whether every part of the installation works, for monitors and for the dashboard's banner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.clock import database_now
from portal.db import db
from portal.models import Image, Job, Worker
from portal.models.workers import WORKER_KINDS
from portal.queries.queue import last_finished_at

SEEN_WITHIN = timedelta(seconds=30)
STUCK_AFTER = timedelta(minutes=2)
NO_WORKER = {
    "intake": "No intake worker is running: new images are kept but not opened.",
    "inference": "No inference worker is running: images wait and are not read.",
    "sweeper": "The sweeper is not running: work that got stuck is not started again.",
}


@dataclass(frozen=True)
class Part:
    """`message` says in plain words what is missing and what that means; empty when all is well."""

    ok: bool
    message: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def database_parts() -> dict[str, Part]:
    """The parts that the database tells of; raises OperationalError when it does not answer."""
    now = database_now(db.session)
    workers = db.session.scalars(select(Worker).where(Worker.seen_at > now - SEEN_WITHIN)).all()
    parts = {"database": Part(True)}
    for kind in WORKER_KINDS:
        parts[kind] = _worker_part(kind, [worker for worker in workers if worker.kind == kind], now)
    parts["oldest_waiting_s"] = _waiting_part(now)
    return parts


def redis_part(waiting_rings: int | None) -> Part:
    if waiting_rings is None:
        return Part(False, "Redis does not answer: uploads are kept and read with a delay.")
    return Part(True, facts={"waiting_rings": waiting_rings})


def disk_part(free_bytes: int, min_free_bytes: int) -> Part:
    is_enough = free_bytes >= min_free_bytes
    message = "" if is_enough else "The disk is nearly full: uploads are refused."
    return Part(is_enough, message, {"free_mib": free_bytes >> 20, "min_free_mib": min_free_bytes >> 20})


def no_database() -> dict[str, Part]:
    unknown = {kind: Part(False, "Unknown while the database does not answer.") for kind in WORKER_KINDS}
    return {"database": Part(False, "The database does not answer: nothing can be saved."), **unknown}


def _worker_part(kind: str, seen: Iterable[Worker], now: datetime) -> Part:
    able = [worker for worker in seen if worker.is_able]
    if able:
        newest = max(worker.seen_at for worker in able)
        devices = sorted({worker.device for worker in able if worker.device})
        facts: dict[str, Any] = {"workers": len(able), "seen_s_ago": round((now - newest).total_seconds(), 1)}
        return Part(True, facts={**facts, "devices": devices} if devices else facts)
    unable = next(iter(seen), None)
    if unable is not None:
        return Part(False, f"The {kind} worker runs but takes no work: {unable.condition}", {"workers": 0})
    return Part(False, NO_WORKER[kind], {"workers": 0})


def _waiting_part(now: datetime) -> Part:
    """A long queue is no fault; a queue in which nothing moves is."""
    oldest = min(filter(None, (_oldest_job(), _oldest_image())), default=None)
    if oldest is None:
        return Part(True, facts={"seconds": None})
    waited = now - oldest
    is_stuck = waited > STUCK_AFTER and not _is_moving(now)
    message = "Images wait, and none was read for two minutes." if is_stuck else ""
    return Part(not is_stuck, message, {"seconds": max(0, round(waited.total_seconds()))})


def _oldest_job() -> datetime | None:
    return db.session.scalar(select(func.min(Job.queued_at)).where(Job.state == "queued"))


def _oldest_image() -> datetime | None:
    return db.session.scalar(select(func.min(Image.received_at)).where(Image.state == "received"))


def _is_moving(now: datetime) -> bool:
    if db.session.scalar(select(Job.id).where(Job.state == "running").limit(1)):
        return True
    if db.session.scalar(select(Image.id).where(Image.state == "received", Image.lease_until > now).limit(1)):
        return True
    last = last_finished_at()
    return last is not None and now - last < STUCK_AFTER
