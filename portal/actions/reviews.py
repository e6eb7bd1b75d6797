"""Reviewing a case. A correction is a new review; nothing that was said is changed."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.actions.case_claims import give_up
from portal.actions.events import Actor, record
from portal.db import transaction
from portal.errors import NotFound
from portal.models import Case, Review


def add_review(
    case_id: uuid.UUID, is_fracture: bool, agrees: bool, comment: str, submission_key: str, actor: Actor
) -> None:
    """Add what a reader says, and end that reader's claim; the same form sent twice adds one review."""
    try:
        with transaction() as session:
            if session.get(Case, case_id) is None:
                raise NotFound("There is no such case.")
            if session.scalar(select(Review.id).where(Review.submission_key == submission_key)):
                return
            review = Review(
                case_id=case_id,
                reviewer_id=actor.user_id,
                is_fracture=is_fracture,
                agrees=agrees,
                comment=comment,
                submission_key=submission_key,
            )
            session.add(review)
            session.flush()
            session.execute(update(Case).where(Case.id == case_id).values(is_reviewed=True))
            record(session, actor, "case.reviewed", "case", case_id, review=review.id)
            give_up(session, case_id, actor)
    except IntegrityError as error:
        if "submission_key" not in str(error.orig):
            raise
