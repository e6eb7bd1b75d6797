"""Noting that someone looked at a case."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import select

from portal.actions.events import Actor, record
from portal.db import db, transaction
from portal.errors import NotFound
from portal.models import Case, Event
from portal.models.columns import utc_now

REPEATED_WITHIN = timedelta(minutes=10)


def note_view(case_id: uuid.UUID, actor: Actor, is_part: bool = False) -> None:
    """One event per page view; a part of it or its facts as JSON count when nothing else of this case was
    seen by this person in the last ten minutes. Raises NotFound.
    """
    if is_part and _viewed_lately(case_id, actor):
        return
    with transaction() as session:
        if session.scalar(select(Case.id).where(Case.id == case_id)) is None:
            raise NotFound("There is no such case.")
        record(session, actor, "case.viewed", "case", case_id)


def _viewed_lately(case_id: uuid.UUID, actor: Actor) -> bool:
    viewed = select(Event.id).where(
        Event.subject == "case",
        Event.subject_id == str(case_id),
        Event.action == "case.viewed",
        Event.user_id == actor.user_id,
        Event.at > utc_now() - REPEATED_WITHIN,
    )
    return db.session.scalar(viewed.limit(1)) is not None
