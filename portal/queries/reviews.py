"""Reviews: which cases wait for whose, and which of them someone may see."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, false, or_, select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.models import Case, Review


def awaits_from(user_id: int) -> ColumnElement[bool]:
    """The case waits for a reading that this person may give: not settled, and not read by them before.

    `is_reviewed` leads the worklist's index; a case without any review needs no look at the reviews.
    """
    read_by_them = exists().where(Review.case_id == Case.id, Review.reviewer_id == user_id)
    return (Case.is_reviewed == false()) & or_(Case.awaits == "first", ~read_by_them)


def reviews_of(case: Case) -> Sequence[Review]:
    """Oldest first, with who wrote them."""
    return db.session.scalars(
        select(Review)
        .where(Review.case_id == case.id)
        .options(joinedload(Review.reviewer))
        .order_by(Review.id)
    ).all()


def seen_by(user_id: int, case: Case, reviews: Sequence[Review]) -> list[Review]:
    """Not what others said while a second reader is still to read: whoever has not read may be that one."""
    return [review for review in reviews if case.awaits != "second" or review.reviewer_id == user_id]
