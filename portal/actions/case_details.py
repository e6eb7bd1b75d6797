"""Changing what is said of a case, inside the caller's transaction. What it said before is kept."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.actions.events import Actor
from portal.models import Case, Correction, Image, Job
from portal.models.cases import reading_rank
from portal.queries.corrections import DETAILS


def differing(case: Case, columns: Mapping[str, str]) -> dict[str, str]:
    """What the case says of those details that `columns` has otherwise, by their names."""
    said = {name: getattr(case, name) for name in DETAILS if name in columns}
    return {name: value for name, value in said.items() if value != columns[name]}


def write_details(session: Session, case: Case, columns: Mapping[str, str], actor: Actor) -> None:
    """On a locked case, with something that differs."""
    before = differing(case, columns)
    session.add(
        Correction(case_id=case.id, corrected_by_id=actor.user_id, version=case.version, before=before)
    )
    for column, value in columns.items():
        setattr(case, column, value)
    case.version += 1
    case.reading_rank = reading_rank(case.priority, case.verdict, case.state, case.withdrawn_at is not None)


def move_in_queue(session: Session, case_ids: Sequence[uuid.UUID], rank: int) -> None:
    """Images, then jobs; the cases are to be locked after them, in the order in which workers lock them."""
    images = select(Image.id).where(Image.case_id.in_(case_ids))
    session.execute(
        update(Image)
        .where(Image.case_id.in_(case_ids), Image.rank != rank)
        .values(rank=rank)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Job)
        .where(Job.image_id.in_(images), Job.state == "queued")
        .values(rank=rank)
        .execution_options(synchronize_session=False)
    )
