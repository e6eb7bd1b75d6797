"""Keeping what a person set for the worklist. None of it is in the audit trail: it changes what they see
alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.errors import BadRequest, NotFound
from portal.models import Preference, SavedFilter, User

MOST_FILTERS = 20


def set_worklist_columns(user_id: int, columns: Sequence[str]) -> None:
    with transaction() as session:
        _lock(session, user_id)
        session.merge(Preference(user_id=user_id, worklist_columns=list(columns)))


def forget_worklist_columns(user_id: int) -> None:
    """Back to the usual ones."""
    with transaction() as session:
        session.execute(delete(Preference).where(Preference.user_id == user_id))


def save_filter(user_id: int, name: str, chosen: Mapping[str, str]) -> None:
    """Keeps a selection under a name; what had this name before is replaced. Raises BadRequest when it is
    one too many."""
    with transaction() as session:
        _lock(session, user_id)
        kept = session.scalars(select(SavedFilter).where(SavedFilter.user_id == user_id)).all()
        known = next((entry for entry in kept if entry.name == name), None)
        if known:
            known.chosen = dict(chosen)
        elif len(kept) >= MOST_FILTERS:
            raise BadRequest(
                f"You have {MOST_FILTERS} saved filters, and that is the most. Delete one first."
            )
        else:
            session.add(SavedFilter(user_id=user_id, name=name, chosen=dict(chosen)))


def delete_filter(user_id: int, filter_id: int) -> str:
    """Returns the name it had. Raises NotFound, also for someone else's."""
    with transaction() as session:
        query = select(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == user_id)
        kept = session.scalars(query).one_or_none()
        if kept is None:
            raise NotFound("There is no such saved filter.")
        session.delete(kept)
        return kept.name


def _lock(session: Session, user_id: int) -> None:
    """Two forms of one person sent at once come one after the other."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
