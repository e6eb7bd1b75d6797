"""Reviews: which cases wait for whose, and which of them someone may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.models import Case, Review
from portal.queries.double_reading import counting
from portal.queries.findings import reviewed_findings

ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class Spoken:
    """One review as someone may see it; `said` is null while it is hidden from that person.

    `place`   which of the case's readers this is: 1 first, 2 second, 3 third; later ones change nothing
    `counts`  no later review of the same reader takes its place
    `finding_ids`  what the reader had before them, lowest first; null when this was not kept yet
    """

    by: str
    at: datetime
    place: int
    is_correction: bool
    counts: bool
    said: Review | None
    finding_ids: tuple[int, ...] | None

    @property
    def agrees(self) -> bool | None:
        """Null while it is hidden, and where there was no reading to agree with."""
        return self.said.agrees if self.said and self.finding_ids != () else None

    @property
    def reader(self) -> str:
        return f"{ORDINALS[self.place - 1]} reader" if self.place <= len(ORDINALS) else "further reader"


def awaits_from(user_id: int, case: type[Case] = Case) -> ColumnElement[bool]:
    """The case waits for a reading that this person may give: not settled, and not read by them before.

    All of it stands in the worklist's index: what they have read is passed over without a look at the cases.
    """
    not_theirs = (
        or_(reader.is_(None), reader != user_id) for reader in (case.first_reader_id, case.second_reader_id)
    )
    return and_(case.is_reviewed == false(), *not_theirs)


def reviews_of(case: Case) -> Sequence[Review]:
    """Oldest first, with who wrote them."""
    return db.session.scalars(
        select(Review)
        .where(Review.case_id == case.id)
        .options(joinedload(Review.reviewer))
        .order_by(Review.id)
    ).all()


def spoken(case: Case, reviews: Sequence[Review], user_id: int) -> list[Spoken]:
    """The case's reviews (oldest first) as this person may see them.

    While a second reader is still to read, whoever has not read may be that one: such a person learns who
    has read and when, and nothing of what was said.
    """
    newest = {review.id for review in counting(reviews)}
    before_them = reviewed_findings(case.id)
    places: dict[int, int] = {}
    told = []
    for review in reviews:
        is_correction = review.reviewer_id in places
        place = places.setdefault(review.reviewer_id, len(places) + 1)
        said = None if case.awaits == "second" and review.reviewer_id != user_id else review
        counts = review.id in newest
        told.append(
            Spoken(
                review.reviewer.username, review.created_at, place, is_correction, counts, said,
                before_them.get(review.id),
            )
        )  # fmt: skip
    return told
