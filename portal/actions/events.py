"""The audit trail: one event in the same transaction as what it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.db import transaction
from portal.models import Event


@dataclass(frozen=True)
class Actor:
    """Who asks for a change, and from which address; `user_id` is null for the system or a stranger."""

    user_id: int | None
    address: str = ""


SYSTEM = Actor(None)


def record(
    session: Session, actor: Actor, action: str, subject: str, subject_id: object, **detail: Any
) -> None:
    """Add one event. `detail` may hold ids, counts and codes, never patient data or free text."""
    session.add(
        Event(user_id=actor.user_id, address=actor.address, action=action, subject=subject,
              subject_id=str(subject_id), detail=detail)
    )  # fmt: skip


def note(actor: Actor, action: str, subject: str, subject_id: object, **detail: Any) -> None:
    """Record something that changes nothing else: a view, an export, a refused sign-in."""
    with transaction() as session:
        record(session, actor, action, subject, subject_id, **detail)
