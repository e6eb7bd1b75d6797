"""Saying that one is reading a case, or not any more. It keeps nobody from reading or reviewing."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from portal.actions.events import Actor, record
from portal.clock import database_now
from portal.db import transaction
from portal.errors import NotFound
from portal.models import Case
from portal.queries.case_claims import is_claimed_by, is_free_for
from portal.queries.next_cases import WHOLE_LIST, first_to_read
from portal.queries.withdrawals import not_withdrawn
from portal.queries.worklist import Selection


def claim_case(case_id: uuid.UUID, actor: Actor) -> bool:
    """Whether the case is now the actor's; False, and nothing changed, when someone else is reading it.

    Claiming again starts the time anew, and is no second event. A withdrawn case is nobody's.
    """
    assert actor.user_id is not None
    with transaction() as session:
        _must_exist(session, case_id)
        now = database_now(session)
        if _changed(session, case_id, is_claimed_by(actor.user_id, now), claimed_at=now):
            return True
        is_won = _changed(
            session,
            case_id,
            is_free_for(actor.user_id, now) & not_withdrawn(),
            claimed_by_id=actor.user_id,
            claimed_at=now,
        )
        if is_won:
            record(session, actor, "case.claimed", "case", case_id)
        return is_won


def claim_first(actor: Actor, selection: Selection = WHOLE_LIST) -> uuid.UUID | None:
    """The first unread case of the selection that was free, now the actor's; None when there is none.

    Who loses one to someone faster gets the one behind it.
    """
    assert actor.user_id is not None
    while (case_id := first_to_read(actor.user_id, selection)) is not None:
        if claim_case(case_id, actor):
            return case_id
    return None


def release_case(case_id: uuid.UUID, actor: Actor) -> bool:
    """End the actor's own claim; False, and nothing changed, when there is none."""
    with transaction() as session:
        _must_exist(session, case_id)
        return give_up(session, case_id, actor)


def give_up(session: Session, case_id: uuid.UUID, actor: Actor) -> bool:
    """As `release_case`, inside the caller's transaction."""
    is_mine = Case.claimed_by_id == actor.user_id
    if not _changed(session, case_id, is_mine, claimed_by_id=None, claimed_at=None):
        return False
    record(session, actor, "case.released", "case", case_id)
    return True


def _must_exist(session: Session, case_id: uuid.UUID) -> None:
    if session.scalar(select(Case.id).where(Case.id == case_id)) is None:
        raise NotFound("There is no such case.")


def _changed(session: Session, case_id: uuid.UUID, still: ColumnElement[bool], **values: Any) -> bool:
    """One UPDATE that names what it expects; the row count says who won."""
    result = session.execute(
        update(Case).where(Case.id == case_id, still).values(**values)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
