"""Keeping a search text, so that the page's URL carries its id and no patient reference."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import delete

from portal.db import transaction
from portal.models import Search
from portal.models.columns import utc_now

KEPT_FOR = timedelta(days=1)


def remember_search(user_id: int, text: str) -> uuid.UUID:
    """The id under which this person's search can be repeated for a day."""
    with transaction() as session:
        search = Search(user_id=user_id, text=text.strip().casefold()[:64])
        session.add(search)
    return search.id


def forget_old_searches() -> None:
    with transaction() as session:
        session.execute(delete(Search).where(Search.created_at < utc_now() - KEPT_FOR))
