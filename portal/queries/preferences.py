"""What a person set for the worklist."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from portal.db import db
from portal.models import Preference, SavedFilter

COLUMNS = ("priority", "result", "accession", "part", "uploaded", "uploader", "images", "review", "reading")
"""Columns of the worklist in their order; the patient reference is always there, and leads to the case."""
USUAL_COLUMNS = ("priority", "result", "part", "uploaded", "images", "review", "reading")


def worklist_columns(user_id: int) -> tuple[str, ...]:
    chosen = db.session.scalar(select(Preference.worklist_columns).where(Preference.user_id == user_id))
    return USUAL_COLUMNS if chosen is None else tuple(column for column in COLUMNS if column in chosen)


def saved_filters(user_id: int) -> Sequence[SavedFilter]:
    query = select(SavedFilter).where(SavedFilter.user_id == user_id).order_by(SavedFilter.name)
    return db.session.scalars(query).all()
