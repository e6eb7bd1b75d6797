"""Reviewing a case. A correction is a new review; nothing that was said is changed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.actions.case_claims import give_up
from portal.actions.events import Actor, record
from portal.db import transaction
from portal.errors import BadRequest, Conflict, NotFound
from portal.models import Case, Review
from portal.queries.disagreement import when_answered
from portal.queries.double_reading import Standing, counting, standing
from portal.queries.findings import current_findings, reviewed_findings
from portal.queries.withdrawals import WITHDRAWN

CHANGED = "The reading has changed since you opened the page: look again, then save."


@dataclass(frozen=True)
class Opinion:
    """What a reader says. `is_fracture` null: unsure; `regions` as `Review` keeps them.

    `finding_ids`  what the reader had before them, lowest first; without any, `agrees` means nothing
    """

    is_fracture: bool | None
    agrees: bool
    comment: str = ""
    regions: list[dict[str, Any]] = field(default_factory=list)
    asks_second: bool = False
    finding_ids: tuple[int, ...] = ()


def add_review(
    case_id: uuid.UUID, opinion: Opinion, submission_key: str, actor: Actor, readings: int = 1
) -> None:
    """Add what a reader says, end that reader's claim, and settle the case or ask for the next reader.

    The same form sent twice adds one review, and so does the same said twice in a row. Readers who save at
    the same moment wait for each other: the second to save is counted after the first.

    Raises Conflict when what the reader had before them is not what counts now. To write a finding locks the
    case as well, so that none comes between this check and the review. Of a withdrawn case BadRequest.
    """
    try:
        with transaction() as session:
            reviews = _reviews_of_locked(session, case_id)
            if any(review.submission_key == submission_key for review in reviews):
                return
            if current_findings(case_id) != opinion.finding_ids:
                raise Conflict(CHANGED)
            if not _says_so_already(reviews, opinion, actor):
                _add(session, case_id, reviews, opinion, submission_key, actor, readings)
            give_up(session, case_id, actor)
    except IntegrityError as error:
        if "submission_key" not in str(error.orig):
            raise


def _reviews_of_locked(session: Session, case_id: uuid.UUID) -> list[Review]:
    """Oldest first; whoever else reviews or withdraws the case waits until this transaction ends."""
    case = session.execute(
        select(Case.withdrawn_at).where(Case.id == case_id).with_for_update()
    ).one_or_none()
    if case is None:
        raise NotFound("There is no such case.")
    if case.withdrawn_at is not None:
        raise BadRequest(WITHDRAWN)
    return list(session.scalars(select(Review).where(Review.case_id == case_id).order_by(Review.id)))


def _says_so_already(reviews: list[Review], opinion: Opinion, actor: Actor) -> bool:
    """A browser that went back and saved again: the reader's newest review says the same of the same."""
    own = [review for review in reviews if review.reviewer_id == actor.user_id]
    return bool(own) and _opinion_of(own[-1]) == opinion


def _opinion_of(review: Review) -> Opinion:
    finding_ids = reviewed_findings(review.case_id).get(review.id, ())
    return Opinion(
        review.is_fracture, review.agrees, review.comment, review.regions, review.asks_second, finding_ids
    )


def _add(
    session: Session,
    case_id: uuid.UUID,
    reviews: list[Review],
    opinion: Opinion,
    submission_key: str,
    actor: Actor,
    readings: int,
) -> None:
    review = Review(
        case_id=case_id, reviewer_id=actor.user_id, submission_key=submission_key,
        is_fracture=opinion.is_fracture, agrees=opinion.agrees, comment=opinion.comment,
        regions=opinion.regions, asks_second=opinion.asks_second,
    )  # fmt: skip
    session.add(review)
    session.flush()
    now = standing([*reviews, review], readings)
    readers = [each.reviewer_id for each in counting([*reviews, review])]
    _keep(session, case_id, now, readers)
    record(session, actor, "case.reviewed", "case", case_id, review=review.id, awaits=now.awaits,
           findings=opinion.finding_ids)  # fmt: skip


def _keep(session: Session, case_id: uuid.UUID, now: Standing, readers: list[int]) -> None:
    """The only place that writes these columns, but for `differs`, which a reading changes too."""
    first, second = (*readers, None, None)[:2]
    verdict = session.scalar(select(Case.verdict).where(Case.id == case_id))
    session.execute(
        update(Case)
        .where(Case.id == case_id)
        .values(
            awaits=now.awaits,
            answer=now.answer,
            differs=when_answered(now.answer, verdict),
            is_reviewed=now.awaits == "nothing",
            first_reader_id=first,
            second_reader_id=second,
        )
    )
