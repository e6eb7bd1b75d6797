"""A remembered search text, for the person who searched."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from portal.db import db
from portal.errors import NotFound
from portal.models import Search


def search_text(search_id: uuid.UUID, user_id: int) -> str:
    """Raises NotFound for someone else's search as for one that was forgotten."""
    text = db.session.scalar(select(Search.text).where(Search.id == search_id, Search.user_id == user_id))
    if text is None:
        raise NotFound("This search is no longer kept. Search again.")
    return text
