"""Cases as lines of a list: what stands beside each one, for any number of cases in three queries."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.models import Case, Image, Job, Review


@dataclass(frozen=True)
class CaseRow:
    """`reason` says in words what was refused or failed; null when nothing was."""

    case: Case
    image_count: int
    refused_count: int
    reason: str | None
    was_reviewed: bool


def cases_with_uploader() -> Select[Case]:
    return select(Case).options(joinedload(Case.uploaded_by))


def rows_of(cases: Sequence[Case]) -> list[CaseRow]:
    """One line per case, in the same order."""
    ids = {case.id for case in cases}
    images = _images_of(ids)
    problems = _problems_of({case.id for case in cases if case.state == "failed"})
    reviewed = _reviewed(ids)
    return [_row(case, images[case.id], problems.get(case.id), case.id in reviewed) for case in cases]


def _row(case: Case, refusals: list[str | None], problem: str | None, was_reviewed: bool) -> CaseRow:
    reasons = [reason for reason in refusals if reason is not None]
    return CaseRow(case, len(refusals), len(reasons), problem or next(iter(reasons), None), was_reviewed)


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


def _reviewed(case_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    return set(db.session.scalars(select(Review.case_id).where(Review.case_id.in_(case_ids)).distinct()))
