"""Moving images: `received → ready` with a job, or `received → refused` with a reason."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.actions.claims import Claim, Terms, extend, settle, take
from portal.actions.events import SYSTEM, record
from portal.actions.summaries import summarise
from portal.clock import database_now
from portal.db import transaction
from portal.file_patient import compared
from portal.models import Batch, Case, Image, Job, Release
from portal.models.jobs import BATCH_CANCELLED, CASE_WITHDRAWN
from portal.refusals import REASONS

GAVE_UP = "decoder_crashed"


@dataclass(frozen=True)
class Decoded:
    """What intake learned of an image: the columns to fill, by name, and a digest of whom the file names."""

    columns: dict[str, Any]
    patient_digest: str = ""


def claim_images(limit: int, terms: Terms) -> list[Claim]:
    """Claim received images that nobody holds, urgent first; none while no release could read them."""
    with transaction() as session:
        if _active_release_id(session) is None:
            return []
        due = (*_due(session, terms.lease_s), Image.attempts < terms.max_attempts)
        return take(session, Image, due, (Image.rank, Image.received_at, Image.position), limit, terms)


def renew(claims: list[Claim], terms: Terms) -> list[Claim]:
    """Extend the leases of images still being decoded; returns those still ours."""
    with transaction() as session:
        return extend(session, Image, claims, terms, "received")


def accept(claim: Claim, decoded: Decoded) -> bool:
    """Make the image ready, note whether its file names the case's patient, and queue its job in the upload's
    batch; False when it is no longer ours.
    """
    with transaction() as session:
        if not settle(session, Image, claim, "received", state="ready", **decoded.columns):
            return False
        _compare_patients(session, claim.id, decoded.patient_digest)
        _queue_first_job(session, claim.id)
        _summarise_case_of(session, claim.id)
    return True


def refuse(claim: Claim, code: str, reason: str) -> bool:
    """End the image with a plain reason; False when it is no longer ours."""
    with transaction() as session:
        refused = _refuse(session, claim, code, reason)
    return refused


def put_back(claim: Claim) -> None:
    """Give an image back untried: this machine was at fault (a full disk), not the file."""
    with transaction() as session:
        settle(session, Image, claim, "received", claimed_by=None, attempts=Image.attempts - 1)


def refuse_worn_out(max_attempts: int, lease_s: int) -> int:
    """Refuse images that took their worker down each time they were tried; returns how many."""
    with transaction() as session:
        worn_out = session.execute(
            select(Image.id, Image.fence)
            .where(*_due(session, lease_s), Image.attempts >= max_attempts)
            .limit(200)
            .with_for_update(skip_locked=True)
        ).all()
        for row in worn_out:
            _refuse(session, Claim(row.id, row.fence), GAVE_UP, REASONS[GAVE_UP])
    return len(worn_out)


def _due(session: Session, lease_s: int) -> tuple[Any, ...]:
    is_free = or_(Image.lease_until.is_(None), Image.ran_out(database_now(session), lease_s))
    return Image.state == "received", is_free


def _refuse(session: Session, claim: Claim, code: str, reason: str) -> bool:
    if not settle(
        session, Image, claim, "received", state="refused", refusal_code=code, refusal_reason=reason
    ):
        return False
    record(session, SYSTEM, "image.refused", "image", claim.id, code=code)
    _summarise_case_of(session, claim.id)
    return True


def _compare_patients(session: Session, image_id: uuid.UUID, digest: str) -> None:
    """With the reference as it is in this transaction, whatever it was when the file was claimed."""
    image = session.get_one(Image, image_id, populate_existing=True)
    patient_ref = session.scalars(select(Case.patient_ref).where(Case.id == image.case_id)).one()
    image.flags = [*image.flags, *compared(patient_ref, digest)]
    session.flush()


def _queue_first_job(session: Session, image_id: uuid.UUID) -> None:
    """The upload's own job, with the release active now; born cancelled when its batch was, or its case
    withdrawn.

    Takes the batch's lock before it looks, not only with the job's foreign key: a cancelling that is just
    being committed would not find the job, and the job would not see it.
    """
    image = session.get_one(Image, image_id, populate_existing=True)
    upload = select(Batch).where(Batch.case_id == image.case_id, Batch.kind == "upload")
    batch = session.scalars(upload.with_for_update(read=True, key_share=True)).one()
    problem = _why_unread(session, batch)
    session.add(
        Job(image_id=image.id, batch_id=batch.id, release_id=_active_release_id(session), rank=image.rank,
            state="cancelled" if problem else "queued", problem=problem)
    )  # fmt: skip
    session.flush()


def _why_unread(session: Session, upload: Batch) -> str | None:
    if upload.cancelled_at is not None:
        return BATCH_CANCELLED
    withdrawn_at = session.scalar(select(Case.withdrawn_at).where(Case.id == upload.case_id))
    return CASE_WITHDRAWN if withdrawn_at else None


def _active_release_id(session: Session) -> int | None:
    return session.scalar(select(Release.id).where(Release.state == "active"))


def _summarise_case_of(session: Session, image_id: uuid.UUID) -> None:
    case_id = session.scalars(select(Image.case_id).where(Image.id == image_id)).one()
    summarise(session, [case_id])
