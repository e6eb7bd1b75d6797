"""What stands on a case, summed up from its images' newest jobs and findings."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.models import OPEN_STATES, VERDICTS, Batch, Case, Finding, Image, Job
from portal.models.cases import reading_rank
from portal.models.findings import OUT_OF_SCOPE
from portal.queries.disagreement import when_read
from portal.queries.outcomes import image_outcome

CHUNK = 500


def summarise(session: Session, case_ids: Iterable[uuid.UUID]) -> None:
    """Bring these cases up to date with their images, inside the caller's transaction.

    Locks the cases in one order, so that two finishing workers neither miss each other's change nor deadlock.
    """
    ordered = sorted(set(case_ids))
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        locked = session.execute(
            select(
                Case.id, Case.priority, Case.verdict, Case.answer, Case.differs, Case.verdict_before,
                Case.changed_by_id, Case.withdrawn_at,
            ).where(Case.id.in_(chunk)).order_by(Case.id).with_for_update()
        ).all()  # fmt: skip
        states = _image_outcomes(session, chunk)
        readings = _current_readings(session, chunk)
        for case in locked:
            verdicts = [reading.verdict for reading in readings[case.id]]
            is_withdrawn = case.withdrawn_at is not None
            state, verdict = case_state(states[case.id], is_withdrawn), most_severe(verdicts)
            session.execute(
                update(Case)
                .where(Case.id == case.id)
                .values(
                    state=state,
                    verdict=verdict,
                    reading_rank=reading_rank(case.priority, verdict, state, is_withdrawn),
                    out_of_scope_count=verdicts.count(OUT_OF_SCOPE),
                    refused_count=states[case.id].count("refused"),
                    differs=when_read(case.answer, case.verdict, verdict, case.differs),
                    **_change(case, verdict, readings[case.id]),
                )
                .execution_options(synchronize_session=False)
            )


def case_state(outcomes: Sequence[str], is_withdrawn: bool = False) -> str:
    """The state of a case whose images ended (or not) as `outcomes` says; withdrawn, it waits for nothing."""
    if is_withdrawn and "waiting" in outcomes:
        return "cancelled"
    for state in ("waiting", "failed", "cancelled"):
        if state in outcomes:
            return state
    return "done" if "done" in outcomes else "refused"


def most_severe(verdicts: Iterable[str]) -> str | None:
    return min(verdicts, key=VERDICTS.index, default=None)


def _image_outcomes(session: Session, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """Per case, one outcome per image: waiting, refused, done, failed or cancelled."""
    open_job = func.max(Job.id).filter(Job.state.in_(OPEN_STATES))
    telling = (
        select(Job.image_id, func.coalesce(open_job, func.max(Job.id)).label("job_id"))
        .join(Image, Image.id == Job.image_id)
        .where(Image.case_id.in_(case_ids))
        .group_by(Job.image_id)
        .subquery()
    )
    rows = session.execute(
        select(Image.case_id, Image.id, Image.state, Job.state)
        .outerjoin(telling, telling.c.image_id == Image.id)
        .outerjoin(Job, Job.id == telling.c.job_id)
        .where(Image.case_id.in_(case_ids))
    ).all()
    was_read = _images_with_finding(session, case_ids)
    outcomes: dict[uuid.UUID, list[str]] = defaultdict(list)
    for case_id, image_id, image_state, job_state in rows:
        outcomes[case_id].append(image_outcome(image_state, job_state, image_id in was_read))
    return outcomes


def _images_with_finding(session: Session, case_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    return set(
        session.scalars(
            select(Job.image_id)
            .join(Image, Image.id == Job.image_id)
            .where(Image.case_id.in_(case_ids), Job.state == "done")
        )
    )


class _Reading(NamedTuple):
    """A finding that counts; `rerun_id` is the batch of its job, null when that was the upload."""

    job_id: int
    verdict: str
    rerun_id: uuid.UUID | None


def _current_readings(session: Session, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[_Reading]]:
    """Per case the readings that count: of each image, the one of its newest finished job."""
    newest_done = (
        select(func.max(Job.id))
        .join(Image, Image.id == Job.image_id)
        .where(Image.case_id.in_(case_ids), Job.state == "done")
        .group_by(Job.image_id)
    )
    readings: dict[uuid.UUID, list[_Reading]] = defaultdict(list)
    for case_id, kind, batch_id, job_id, verdict in session.execute(
        select(Image.case_id, Batch.kind, Batch.id, Job.id, Finding.verdict)
        .join(Job, Job.id == Finding.job_id)
        .join(Batch, Batch.id == Job.batch_id)
        .join(Image, Image.id == Job.image_id)
        .where(Job.id.in_(newest_done))
    ):
        readings[case_id].append(_Reading(job_id, verdict, batch_id if kind == "rerun" else None))
    return readings


def _change(case: Any, verdict: str | None, readings: Sequence[_Reading]) -> dict[str, Any]:
    """What to write when a re-run changes the verdict: which one, and the verdict before it.

    While its readings of one case's images come in, the verdict before the first of them stays; when they end
    with that one again, nothing was changed.
    """
    rerun_id = max(readings).rerun_id if readings else None
    if rerun_id is None or case.verdict is None or verdict == case.verdict:
        return {}
    before = case.verdict_before if case.changed_by_id == rerun_id else case.verdict
    if before == verdict:
        return {"verdict_before": None, "changed_by_id": None}
    return {"verdict_before": before, "changed_by_id": rerun_id}
