"""Cases as lines of a list: what stands beside each one, in as many queries for one case as for fifty."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from portal.clock import database_now
from portal.db import db
from portal.models import Case, Image, Job, Review, User, Withdrawal
from portal.queries.case_claims import CaseClaim, claim_of
from portal.queries.withdrawals import standing_withdrawals


@dataclass(frozen=True)
class CaseRow:
    """`refusals`  why images were refused, each reason once, in the order of the images
    `problem`  why a reading failed; null when none did
    `readers`  who reviewed it, in the order in which they first did
    `claim`    who is reading it just now
    `withdrawal`  the one that stands
    """

    case: Case
    image_count: int
    refusals: tuple[str, ...]
    problem: str | None
    readers: tuple[str, ...]
    claim: CaseClaim | None
    withdrawal: Withdrawal | None

    @property
    def tells_out_of_scope(self) -> bool:
        """Of a single image the verdict says it; of several it may say something else."""
        return self.case.out_of_scope_count > 0 and self.image_count > 1


def cases_with_people(case: type[Case] = Case) -> Select[Case]:
    return select(case).options(joinedload(case.uploaded_by), joinedload(case.claimed_by))


def rows_of(cases: Sequence[Case]) -> list[CaseRow]:
    """One line per case, in the same order."""
    ids = {case.id for case in cases}
    images = _images_of(ids)
    problems = _problems_of({case.id for case in cases if case.state == "failed"})
    readers = _readers_of(ids)
    withdrawn = {case.id for case in cases if case.withdrawn_at}
    withdrawals = standing_withdrawals(withdrawn) if withdrawn else {}
    now = database_now(db.session)
    return [
        CaseRow(
            case,
            image_count=len(images[case.id]),
            refusals=_once_each(images[case.id]),
            problem=problems.get(case.id),
            readers=tuple(readers[case.id]),
            claim=claim_of(case, now),
            withdrawal=withdrawals.get(case.id),
        )
        for case in cases
    ]


def _once_each(reasons: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for reason in reasons if reason is not None))


def _images_of(case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[str | None]]:
    """Per case one entry per image: the reason of its refusal, or nothing."""
    found: dict[uuid.UUID, list[str | None]] = defaultdict(list)
    rows = db.session.execute(
        select(Image.case_id, Image.refusal_reason)
        .where(Image.case_id.in_(case_ids))
        .order_by(Image.case_id, Image.position)
    )
    for case_id, reason in rows:
        found[case_id].append(reason)
    return found


def _problems_of(case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = db.session.execute(
        select(Image.case_id, Job.problem)
        .join(Job, Job.image_id == Image.id)
        .where(Image.case_id.in_(case_ids), Job.state.in_(("failed", "quarantined")))
        .order_by(Job.id)
    )
    return {case_id: problem for case_id, problem in rows if problem}


def _readers_of(case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, None]]:
    """Per case its readers' names, each once."""
    found: dict[uuid.UUID, dict[str, None]] = defaultdict(dict)
    rows = db.session.execute(
        select(Review.case_id, User.username)
        .join(User, User.id == Review.reviewer_id)
        .where(Review.case_id.in_(case_ids))
        .order_by(Review.id)
    )
    for case_id, username in rows:
        found[case_id][username] = None
    return found
