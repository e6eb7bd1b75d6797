"""Workers saying that they are alive, and whether they can work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from portal.clock import database_now
from portal.db import transaction
from portal.models import Worker

FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Sign:
    """One sign of life."""

    name: str
    kind: str
    device: str = ""
    condition: str = "ready"
    is_able: bool = True


def seen(sign: Sign) -> None:
    """Note a worker's sign of life; the first one also notes its start."""
    with transaction() as session:
        now = database_now(session)
        worker = session.get(Worker, sign.name)
        if worker is None:
            worker = Worker(name=sign.name, kind=sign.kind, started_at=now)
            session.add(worker)
        worker.device, worker.condition, worker.is_able = sign.device, sign.condition, sign.is_able
        worker.seen_at = now


def gone(name: str) -> None:
    """A worker that stops in order takes its row with it."""
    with transaction() as session:
        session.execute(delete(Worker).where(Worker.name == name))


def forget_silent() -> None:
    with transaction() as session:
        session.execute(delete(Worker).where(Worker.seen_at < database_now(session) - FORGOTTEN_AFTER))
