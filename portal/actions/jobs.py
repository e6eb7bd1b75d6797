"""Moving jobs: the only place where a job's state changes."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.actions.claims import Claim, Terms, extend, settle, take
from portal.actions.events import SYSTEM, record
from portal.actions.summaries import summarise
from portal.clock import database_now
from portal.db import transaction, tried_again
from portal.models import OPEN_STATES, Batch, Finding, Image, Job

log = logging.getLogger(__name__)

GAVE_UP = "The reading was tried {tries} times and never ended. Ask an admin to look at the worker's log."


@dataclass(frozen=True)
class Result:
    """What a worker found: the fields of a finding, for one claimed job."""

    claim: Claim
    finding: dict[str, Any]


def claim_jobs(limit: int, terms: Terms, unusable_releases: Sequence[int] = ()) -> list[Claim]:
    """Claim the next due jobs of one release, urgent before routine, oldest first; empty when none is due.

    A second worker at the same moment gets other jobs. Jobs of `unusable_releases` stay queued.
    """
    with transaction() as session:
        usable = (Job.state == "queued", Job.release_id.not_in(unusable_releases))
        release_id = session.scalar(select(Job.release_id).where(*usable).order_by(Job.rank, Job.id).limit(1))
        due = (Job.state == "queued", Job.release_id == release_id)
        now = database_now(session)
        return take(session, Job, due, (Job.rank, Job.id), limit, terms, state="running", started_at=now)


def renew(claims: Sequence[Claim], terms: Terms) -> list[Claim]:
    """Extend the leases after progress; what is missing from the answer belongs to someone else now."""
    with transaction() as session:
        return extend(session, Job, claims, terms, "running")


@tried_again
def finish(results: Sequence[Result]) -> int:
    """Write findings and end their jobs in one transaction; returns how many were still ours to write.

    A job that was claimed again, cancelled or finished meanwhile is left alone (logged as fenced).
    """
    with transaction() as session:
        now = database_now(session)
        written = [
            result
            for result in sorted(results, key=lambda result: result.claim.id)
            if settle(session, Job, result.claim, "running", state="done", finished_at=now, problem=None)
        ]
        session.add_all(Finding(job_id=result.claim.id, **result.finding) for result in written)
        session.flush()
        _summarise_cases_of(session, [result.claim.id for result in written])
    _log_fenced(results, written)
    return len(written)


def fail(claim: Claim, problem: str) -> bool:
    """End a job that cannot give a finding, with the reason in words; False when it is no longer ours."""
    with transaction() as session:
        now = database_now(session)
        ended = settle(session, Job, claim, "running", state="failed", finished_at=now, problem=problem)
        if ended:
            record(session, SYSTEM, "job.failed", "job", claim.id)
            _summarise_cases_of(session, [claim.id])
    return ended


def put_back(claims: Sequence[Claim], max_attempts: int, is_worker_at_fault: bool = False) -> None:
    """Return claimed jobs to the queue.

    The try counts, so that a job that always ends so is quarantined, unless the worker was at fault.
    """
    with transaction() as session:
        held = session.execute(
            select(Job.id, Job.attempts)
            .where(Job.state == "running", or_(*((Job.id == c.id) & (Job.fence == c.fence) for c in claims)))
            .order_by(Job.id)
            .with_for_update()
        ).all()
        if is_worker_at_fault:
            _move(session, [row.id for row in held], state="queued", attempts=Job.attempts - 1)
        else:
            _requeue_or_quarantine(session, held, max_attempts, database_now(session))


def free_expired(max_attempts: int, lease_s: int) -> tuple[int, int]:
    """Requeue jobs whose claim ran out, quarantine the often tried; (requeued, quarantined)."""
    with transaction() as session:
        now = database_now(session)
        expired = session.execute(
            select(Job.id, Job.attempts)
            .where(Job.state == "running", Job.ran_out(now, lease_s))
            .order_by(Job.id)
            .limit(200)
            .with_for_update(skip_locked=True)
        ).all()
        return _requeue_or_quarantine(session, expired, max_attempts, now)


def cancel(session: Session, job_ids: Sequence[int], problem: str) -> None:
    """End these, locked and open, inside the caller's transaction; a reading under way is fenced off."""
    _move(session, job_ids, state="cancelled", finished_at=database_now(session), problem=problem)


def cancel_open(session: Session, image_ids: Sequence[uuid.UUID], problem: str) -> int:
    """As `cancel`, all that is open of these images; returns how many."""
    of_images = select(Job.id).where(Job.image_id.in_(image_ids), Job.state.in_(OPEN_STATES))
    ids = session.scalars(of_images.order_by(Job.id).with_for_update()).all()
    cancel(session, ids, problem)
    return len(ids)


def queue_again(session: Session, image_ids: Sequence[uuid.UUID], problem: str) -> int:
    """Queue what was cancelled for this reason, unless its batch was cancelled too; returns how many."""
    ended = (
        select(Job.id)
        .join(Batch, Batch.id == Job.batch_id)
        .where(Job.image_id.in_(image_ids), Job.state == "cancelled", Job.problem == problem)
        .where(Batch.cancelled_at.is_(None))
    )
    ids = session.scalars(ended.order_by(Job.id).with_for_update(of=Job)).all()
    now = database_now(session)
    _move(session, ids, state="queued", queued_at=now, finished_at=None, problem=None, attempts=0)
    return len(ids)


def _requeue_or_quarantine(
    session: Session, rows: Sequence[Any], max_attempts: int, now: datetime
) -> tuple[int, int]:
    worn_out = [row.id for row in rows if row.attempts >= max_attempts]
    again = [row.id for row in rows if row.attempts < max_attempts]
    _move(session, again, state="queued")
    _quarantine(session, worn_out, max_attempts, now)
    return len(again), len(worn_out)


def _quarantine(session: Session, job_ids: Sequence[int], tries: int, now: datetime) -> None:
    _move(session, job_ids, state="quarantined", finished_at=now, problem=GAVE_UP.format(tries=tries))
    for job_id in job_ids:
        record(session, SYSTEM, "job.quarantined", "job", job_id)
    _summarise_cases_of(session, job_ids)


def _move(session: Session, job_ids: Sequence[int], **changes: Any) -> None:
    """Void the present claims of locked rows: the raised fence makes a late write miss."""
    if job_ids:
        session.execute(
            update(Job)
            .where(Job.id.in_(job_ids))
            .values(fence=Job.fence + 1, claimed_by=None, lease_until=None, deadline_at=None, **changes)
            .execution_options(synchronize_session=False)
        )


def _summarise_cases_of(session: Session, job_ids: Sequence[int]) -> None:
    if job_ids:
        case_ids = session.scalars(
            select(Image.case_id).join(Job, Job.image_id == Image.id).where(Job.id.in_(job_ids)).distinct()
        ).all()
        summarise(session, case_ids)


def _log_fenced(results: Sequence[Result], written: Sequence[Result]) -> None:
    for result in results:
        if result not in written:
            log.warning("fenced job=%s fence=%s", result.claim.id, result.claim.fence)
