"""Re-running and cancelling batches. A re-run adds findings beside the old ones and overwrites nothing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.actions.events import Actor, record
from portal.actions.jobs import cancel
from portal.actions.summaries import CHUNK, summarise
from portal.clock import database_now
from portal.db import transaction, tried_again
from portal.errors import BadRequest, Conflict, NotFound
from portal.models import OPEN_STATES, Batch, Case, Image, Job, Release
from portal.models.columns import utc_now
from portal.models.jobs import BATCH_CANCELLED, CASE_WITHDRAWN
from portal.queries.withdrawals import is_withdrawn, not_withdrawn

ALREADY_RUNNING = "This re-run is already under way."


def rerun_batch(batch_id: uuid.UUID, release_id: int, reason: str, actor: Actor) -> Batch:
    """Queue every ready image of a batch again; raises Conflict with the running batch's id if one runs."""
    with transaction() as session:
        source = session.get(Batch, batch_id)
        if source is None:
            raise NotFound("There is no such batch.")
        images = images_of_batch(source)
    return _start(images, f"batch:{batch_id}", release_id, reason, actor, batch_id)


def rerun_selection(case_ids: Select[Any], key: str, release_id: int, reason: str, actor: Actor) -> Batch:
    """Queue every ready image of the selected cases again; `key` names the selection."""
    images = select(Image.id).where(Image.case_id.in_(case_ids))
    return _start(images, f"selection:{key}", release_id, reason, actor, None)


def rerun_cases(case_ids: Sequence[uuid.UUID], release_id: int, reason: str, actor: Actor) -> Batch:
    """Queue every ready image of these cases again."""
    key = hashlib.sha256("".join(sorted(case_id.hex for case_id in case_ids)).encode()).hexdigest()
    cases = select(Case.id).where(Case.id.in_(case_ids))
    return rerun_selection(cases, f"cases={key}", release_id, reason, actor)


def images_of_batch(batch: Batch) -> Select[Any]:
    if batch.kind == "upload":
        return select(Image.id).where(Image.case_id == batch.case_id)
    return select(Job.image_id).where(Job.batch_id == batch.id)


@tried_again
def _start(
    images: Select[Any], what: str, release_id: int, reason: str, actor: Actor, source: uuid.UUID | None
) -> Batch:
    open_key = hashlib.sha256(f"{what}|release:{release_id}".encode()).hexdigest()
    try:
        with transaction() as session:
            _refuse_second_run(session, open_key)
            release = session.get(Release, release_id)
            if release is None or release.state == "retired":
                raise BadRequest("Choose a release that is available.")
            batch = Batch(kind="rerun", reason=reason, release_id=release_id, source_batch_id=source,
                          requested_by_id=actor.user_id, open_key=open_key)  # fmt: skip
            session.add(batch)
            session.flush()
            count = _queue(session, batch, images)
            if count == 0:
                raise BadRequest("Nothing to re-run: no image of this selection could be used.")
            record(session, actor, "batch.rerun", "batch", batch.id, release=release.name, jobs=count)
            return batch
    except IntegrityError as error:
        with transaction() as session:
            _refuse_second_run(session, open_key)
        raise Conflict(ALREADY_RUNNING) from error


def _refuse_second_run(session: Session, open_key: str) -> None:
    earlier = session.scalars(select(Batch).where(Batch.open_key == open_key)).one_or_none()
    if earlier is None:
        return
    if session.scalar(_has_open_jobs(earlier.id)):
        raise Conflict(ALREADY_RUNNING, link_id=str(earlier.id))
    earlier.open_key = None
    session.flush()


def _queue(session: Session, batch: Batch, images: Select[Any]) -> int:
    """One job per ready image of what is not withdrawn, in one statement, routine behind urgent.

    In the order of the cases: `queries/cases_of_batch.py` finds them so along the jobs.
    """
    rows = (
        select(
            Image.id, literal(batch.id, Job.batch_id.type), literal(batch.release_id), Image.rank,
            literal("queued"), literal(0), literal(0), literal(utc_now(), Job.queued_at.type),
        )
        .join(Case, Case.id == Image.case_id)
        .where(Image.id.in_(images), Image.state == "ready", not_withdrawn())
        .order_by(Case.created_at, Case.id, Image.position)
    )  # fmt: skip
    columns = ["image_id", "batch_id", "release_id", "rank", "state", "attempts", "fence", "queued_at"]
    session.execute(insert(Job).from_select(columns, rows))
    cases = select(Image.case_id).join(Job, Job.image_id == Image.id).where(Job.batch_id == batch.id)
    # In the order in which workers lock them, or PostgreSQL could let each wait for the other.
    locked = select(Case.id).where(Case.id.in_(cases), not_withdrawn()).order_by(Case.id).with_for_update()
    lock = locked.cte("locked")
    session.execute(
        update(Case).where(Case.id.in_(select(lock.c.id))).values(state="waiting")
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    _drop_withdrawn(session, batch)
    return session.scalar(select(func.count()).where(Job.batch_id == batch.id)) or 0


def _drop_withdrawn(session: Session, batch: Batch) -> None:
    """Jobs of cases whose withdrawal ended while these were made; nobody has seen them yet."""
    images = select(Image.id).join(Case, Case.id == Image.case_id).where(is_withdrawn())
    session.execute(
        delete(Job).where(Job.batch_id == batch.id, Job.image_id.in_(images))
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def cancel_batch(batch_id: uuid.UUID, actor: Actor) -> int:
    """Cancel what is still open; a reading under way is fenced off. Returns how many will not be done.

    A batch that was read to its end stays as it is. The cases follow in transactions of their own, so that
    others can write in between; `close_finished` goes on where that was cut short.
    """
    cancelled, last = _cancel_jobs(batch_id, actor)
    while last is not None:
        last = _catch_up(batch_id, last)
    return cancelled


@tried_again
def _cancel_jobs(batch_id: uuid.UUID, actor: Actor) -> tuple[int, int | None]:
    """How many readings will not be done, and the last job whose case says so, null when all do."""
    with transaction() as session:
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None:
            raise NotFound("There is no such batch.")
        jobs = _open_jobs(session, batch_id)
        not_opened = 0 if batch.cancelled_at else _not_opened(session, batch)
        undone = len(jobs) + not_opened or _withdrawn(session, batch)
        if not undone:
            return 0, None
        batch.cancelled_at = batch.cancelled_at or database_now(session)
        for start in range(0, len(jobs), CHUNK):
            cancel(session, jobs[start : start + CHUNK], BATCH_CANCELLED)
        record(session, actor, "batch.cancelled", "batch", batch_id, jobs=len(jobs), not_opened=not_opened)
        return undone, _catch_up_chunk(session, batch, after=0)


def _open_jobs(session: Session, batch_id: uuid.UUID) -> Sequence[int]:
    open_jobs = select(Job.id).where(Job.batch_id == batch_id, Job.state.in_(OPEN_STATES))
    return session.scalars(open_jobs.order_by(Job.id).with_for_update()).all()


def _not_opened(session: Session, batch: Batch) -> int:
    """How many images of an upload have no job yet: theirs are made cancelled when they are opened."""
    if batch.kind != "upload":
        return 0
    received = select(func.count()).where(Image.case_id == batch.case_id, Image.state == "received")
    return session.scalar(received) or 0


def _withdrawn(session: Session, batch: Batch) -> int:
    """Readings of withdrawn cases, which would wait again if these were restored before it is cancelled."""
    if batch.cancelled_at:
        return 0
    theirs = select(func.count()).where(Job.batch_id == batch.id, Job.problem == CASE_WITHDRAWN)
    return session.scalar(theirs) or 0


@tried_again
def _catch_up(batch_id: uuid.UUID, after: int) -> int | None:
    with transaction() as session:
        return _catch_up_chunk(session, session.get_one(Batch, batch_id), after)


def _catch_up_chunk(session: Session, batch: Batch, after: int) -> int | None:
    """Bring the cases of a cancelled batch's next jobs up to date; the last job's id, null after the end.

    Until then a re-run keeps its `open_key`, by which it is found again.
    """
    jobs = session.execute(
        select(Job.id, Image.case_id)
        .join(Image, Image.id == Job.image_id)
        .where(Job.batch_id == batch.id, Job.state == "cancelled", Job.id > after)
        .order_by(Job.id)
        .limit(CHUNK)
    ).all()
    summarise(session, {case_id for _, case_id in jobs})
    if len(jobs) == CHUNK:
        return jobs[-1].id
    batch.open_key = None
    return None


def close_finished() -> int:
    """Let ended re-runs be started again: clears `open_key` where no job is open; returns how many.

    A cancelled one's cases are brought up to date first.
    """
    with transaction() as session:
        still_open = session.scalars(select(Batch).where(Batch.open_key.is_not(None)))
        finished = [batch for batch in still_open if not session.scalar(_has_open_jobs(batch.id))]
        cancelled = [batch.id for batch in finished if batch.cancelled_at is not None]
        for batch in finished:
            if batch.cancelled_at is None:
                batch.open_key = None
    for batch_id in cancelled:
        last = _catch_up(batch_id, after=0)
        while last is not None:
            last = _catch_up(batch_id, last)
    return len(finished)


def _has_open_jobs(batch_id: uuid.UUID) -> Select[tuple[bool]]:
    return select(exists().where(Job.batch_id == batch_id, Job.state.in_(OPEN_STATES)))
