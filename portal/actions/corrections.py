"""Putting right what was said of a case at its upload. What it said before is kept."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actions.case_details import differing, move_in_queue, write_details
from portal.actions.case_locks import locked_case
from portal.actions.cases import RANKS, CaseForm
from portal.actions.events import Actor, record
from portal.db import transaction, tried_again
from portal.errors import BadRequest, Conflict
from portal.file_patient import after_correction
from portal.models import Image
from portal.queries.withdrawals import WITHDRAWN

CHANGED = (
    "Someone else changed these details since you opened the page: look at what they say now, then save."
)


@tried_again
def correct_case(case_id: uuid.UUID, form: CaseForm, version: int, actor: Actor) -> tuple[str, ...]:
    """Make the case say what the form says; returns the names of the fields that were changed.

    None are where the case says so already: the same correction sent twice is one. Raises NotFound,
    BadRequest for a withdrawn case, and Conflict when the case was changed since `version`.
    """
    with transaction() as session:
        images = _locked_images(session, case_id)
        move_in_queue(session, [case_id], RANKS[form.priority])
        case = locked_case(session, case_id)
        if case.withdrawn_at is not None:
            raise BadRequest(WITHDRAWN)
        before = differing(case, form.columns())
        if not before:
            return ()
        if case.version != version:
            raise Conflict(CHANGED)
        write_details(session, case, form.columns(), actor)
        if "patient_ref" in before:
            _compare_patients_anew(images, before["patient_ref"], form.patient_ref)
        record(session, actor, "case.corrected", "case", case_id, fields=list(before))
        return tuple(before)


def _locked_images(session: Session, case_id: uuid.UUID) -> Sequence[Image]:
    """Before their case, as intake locks them, which compares a file's patient with the reference then."""
    query = (
        select(Image).where(Image.case_id == case_id).order_by(Image.position).with_for_update(key_share=True)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _compare_patients_anew(images: Sequence[Image], before: str, now: str) -> None:
    """As far as that follows from the comparison before; the other files are opened once more."""
    for image in images:
        image.flags, must_be_opened = after_correction(image.flags, before, now)
        if must_be_opened:
            image.is_to_compare, image.attempts = True, 0
