"""Claiming rows: the one mechanism under both queues, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from portal.clock import database_now
from portal.models import Image, Job


@dataclass(frozen=True)
class Terms:
    """On what terms a worker holds what it claims; both limits on the database's clock."""

    worker: str
    lease_s: int
    deadline_s: int
    max_attempts: int = 3


@dataclass(frozen=True)
class Claim:
    """A row held by this worker: every later write names the fence, and is void if another one claimed."""

    id: Any
    fence: int


def take(
    session: Session,
    model: type[Job] | type[Image],
    due: Sequence[Any],
    order: Sequence[Any],
    limit: int,
    terms: Terms,
    **changes: Any,
) -> list[Claim]:
    """Claim up to `limit` due rows in order; rows that another worker is just claiming are skipped.

    The rows are locked by the first statement (on SQLite the whole write lock is held), so that the second
    changes exactly those.
    """
    chosen = session.execute(
        select(model.id, model.fence).where(*due).order_by(*order).limit(limit)
        .with_for_update(skip_locked=True)
    ).all()  # fmt: skip
    if not chosen:
        return []
    now = database_now(session)
    session.execute(
        update(model)
        .where(model.id.in_([row.id for row in chosen]))
        .values(
            attempts=model.attempts + 1,
            fence=model.fence + 1,
            claimed_by=terms.worker,
            lease_until=now + timedelta(seconds=terms.lease_s),
            deadline_at=now + timedelta(seconds=terms.deadline_s),
            **changes,
        )
        .execution_options(synchronize_session=False)
    )
    return [Claim(row.id, row.fence + 1) for row in chosen]


def settle(
    session: Session, model: type[Job] | type[Image], claim: Claim, expected_state: str, **changes: Any
) -> bool:
    """Write the end of a claim; False, and nothing written, when it is no longer held."""
    result = session.execute(
        update(model)
        .where(model.id == claim.id, model.fence == claim.fence, model.state == expected_state)
        .values(lease_until=None, deadline_at=None, **changes)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def extend(
    session: Session,
    model: type[Job] | type[Image],
    claims: Sequence[Claim],
    terms: Terms,
    expected_state: str,
) -> list[Claim]:
    """Renew leases after progress; returns the claims still held. The deadline is never moved."""
    now = database_now(session)
    held = []
    for claim in claims:
        result = session.execute(
            update(model)
            .where(
                model.id == claim.id,
                model.fence == claim.fence,
                model.state == expected_state,
                model.deadline_at > now,
            )
            .values(lease_until=now + timedelta(seconds=terms.lease_s))
            .execution_options(synchronize_session=False)
        )
        assert isinstance(result, CursorResult)
        if result.rowcount == 1:
            held.append(claim)
    return held
