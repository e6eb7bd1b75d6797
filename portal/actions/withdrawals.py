"""Withdrawing a case that was uploaded by mistake, and restoring it. Nothing is deleted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actions.case_locks import locked_case
from portal.actions.events import Actor, record
from portal.actions.jobs import cancel_open, queue_again
from portal.actions.summaries import summarise
from portal.clock import database_now
from portal.db import transaction, tried_again
from portal.errors import NotAllowed
from portal.models import Image, User, Withdrawal
from portal.models.jobs import CASE_WITHDRAWN

NOT_YOURS = "Only who withdrew this case, or an admin, can restore it."


@tried_again
def withdraw_case(case_id: uuid.UUID, reason: str, note: str, actor: Actor) -> bool:
    """Take it out of lists and counts, cancel its readings; False, and nothing changed, when that was done.

    Locks images, jobs and case in the order in which workers do: an image that is just being opened, or a
    re-run that is just being started, is seen or waits. Raises NotFound.
    """
    with transaction() as session:
        image_ids = _locked_images(session, case_id)
        cancelled = cancel_open(session, image_ids, CASE_WITHDRAWN)
        case = locked_case(session, case_id)
        if case.withdrawn_at is not None:
            return False
        case.withdrawn_at = database_now(session)
        case.claimed_by_id = case.claimed_at = None
        session.add(
            Withdrawal(case_id=case_id, reason=reason, note=note, withdrawn_by_id=actor.user_id,
                       withdrawn_at=case.withdrawn_at)
        )  # fmt: skip
        record(session, actor, "case.withdrawn", "case", case_id, reason=reason, jobs=cancelled)
        session.flush()
        summarise(session, [case_id])
    return True


@tried_again
def restore_case(case_id: uuid.UUID, actor: Actor) -> bool:
    """Back into lists and counts, and into the queue what the withdrawal cancelled; False, and nothing done,
    when it is not withdrawn.

    Raises NotFound, and NotAllowed for anyone but an admin and who withdrew it.
    """
    with transaction() as session:
        image_ids = _locked_images(session, case_id)
        queued = queue_again(session, image_ids, CASE_WITHDRAWN)
        case = locked_case(session, case_id)
        if case.withdrawn_at is None:
            return False
        withdrawal = session.scalars(
            select(Withdrawal).where(Withdrawal.case_id == case_id, Withdrawal.restored_at.is_(None))
        ).one()
        if not withdrawal.may_be_restored_by(session.get_one(User, actor.user_id)):
            raise NotAllowed(NOT_YOURS)
        withdrawal.restored_at, withdrawal.restored_by_id = database_now(session), actor.user_id
        case.withdrawn_at = None
        record(session, actor, "case.restored", "case", case_id, jobs=queued)
        session.flush()
        summarise(session, [case_id])
    return True


def _locked_images(session: Session, case_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """For update of the key too, so that no job of theirs is made meanwhile."""
    query = select(Image.id).where(Image.case_id == case_id).order_by(Image.position)
    return session.scalars(query.with_for_update()).all()
