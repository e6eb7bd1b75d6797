"""What stands on a case, summed up from its images' newest jobs and findings."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.models import VERDICTS, Case, Finding, Image, Job
from portal.models.cases import reading_rank
from portal.models.findings import OUT_OF_SCOPE
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
            select(Case.id, Case.priority).where(Case.id.in_(chunk)).order_by(Case.id).with_for_update()
        ).all()
        states = _image_outcomes(session, chunk)
        verdicts = _current_verdicts(session, chunk)
        for case_id, priority in locked:
            state, verdict = case_state(states[case_id]), most_severe(verdicts[case_id])
            session.execute(
                update(Case)
                .where(Case.id == case_id)
                .values(
                    state=state,
                    verdict=verdict,
                    reading_rank=reading_rank(priority, verdict, state),
                    out_of_scope_count=verdicts[case_id].count(OUT_OF_SCOPE),
                )
                .execution_options(synchronize_session=False)
            )


def case_state(outcomes: Sequence[str]) -> str:
    """The state of a case whose images ended (or not) as `outcomes` says."""
    for state in ("waiting", "failed", "cancelled"):
        if state in outcomes:
            return state
    return "done" if "done" in outcomes else "refused"


def most_severe(verdicts: Iterable[str]) -> str | None:
    return min(verdicts, key=VERDICTS.index, default=None)


def _image_outcomes(session: Session, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """Per case, one outcome per image: waiting, refused, done, failed or cancelled."""
    newest = (
        select(Job.image_id, func.max(Job.id).label("job_id"))
        .join(Image, Image.id == Job.image_id)
        .where(Image.case_id.in_(case_ids))
        .group_by(Job.image_id)
        .subquery()
    )
    rows = session.execute(
        select(Image.case_id, Image.id, Image.state, Job.state)
        .outerjoin(newest, newest.c.image_id == Image.id)
        .outerjoin(Job, Job.id == newest.c.job_id)
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


def _current_verdicts(session: Session, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """Per case the verdicts that count: of each image, the one of its newest finished job."""
    newest_done = (
        select(func.max(Job.id))
        .join(Image, Image.id == Job.image_id)
        .where(Image.case_id.in_(case_ids), Job.state == "done")
        .group_by(Job.image_id)
    )
    verdicts: dict[uuid.UUID, list[str]] = defaultdict(list)
    for case_id, verdict in session.execute(
        select(Image.case_id, Finding.verdict)
        .join(Job, Job.id == Finding.job_id)
        .join(Image, Image.id == Job.image_id)
        .where(Job.id.in_(newest_done))
    ):
        verdicts[case_id].append(verdict)
    return verdicts
