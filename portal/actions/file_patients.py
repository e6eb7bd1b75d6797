"""Comparing a file once more with the patient of its case, whose reference was corrected."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.actions.claims import Claim, Terms, settle, take
from portal.clock import database_now
from portal.db import transaction
from portal.file_patient import UNKNOWN, compared, others
from portal.models import Case, Image

STATE = "ready"
"""Of an image that is compared anew; one that is not opened yet is compared when it is."""


def claim_comparison(terms: Terms) -> Claim | None:
    """Claim one image whose file is to be opened again; None when none is due."""
    with transaction() as session:
        due = (*_due(session, terms.lease_s), Image.attempts < terms.max_attempts)
        return next(iter(take(session, Image, due, (Image.received_at,), 1, terms)), None)


def compare(claim: Claim, patient_digest: str) -> bool:
    """Note whether the file names the patient as the reference reads now; False when it is no longer ours."""
    with transaction() as session:
        if not settle(session, Image, claim, STATE, is_to_compare=False):
            return False
        image = session.get_one(Image, claim.id, populate_existing=True)
        patient_ref = session.scalars(select(Case.patient_ref).where(Case.id == image.case_id)).one()
        image.flags = [*others(image.flags), *compared(patient_ref, patient_digest)]
    return True


def leave_uncompared(claim: Claim) -> bool:
    """End with a note that the file could not be opened again; False when it is no longer ours."""
    with transaction() as session:
        return _leave_uncompared(session, claim)


def put_back(claim: Claim) -> None:
    """Give it back untried: this machine was at fault, not the file."""
    with transaction() as session:
        settle(session, Image, claim, STATE, claimed_by=None, attempts=Image.attempts - 1)


def leave_worn_out(max_attempts: int, lease_s: int) -> int:
    """End those that took their worker down each time they were tried; returns how many."""
    with transaction() as session:
        worn_out = session.execute(
            select(Image.id, Image.fence)
            .where(*_due(session, lease_s), Image.attempts >= max_attempts)
            .limit(200)
            .with_for_update(skip_locked=True)
        ).all()
        return sum(_leave_uncompared(session, Claim(row.id, row.fence)) for row in worn_out)


def _due(session: Session, lease_s: int) -> tuple[Any, ...]:
    is_free = or_(Image.lease_until.is_(None), Image.ran_out(database_now(session), lease_s))
    return Image.is_to_compare, Image.state == STATE, is_free


def _leave_uncompared(session: Session, claim: Claim) -> bool:
    if not settle(session, Image, claim, STATE, is_to_compare=False):
        return False
    image = session.get_one(Image, claim.id, populate_existing=True)
    image.flags = [*others(image.flags), UNKNOWN]
    return True
