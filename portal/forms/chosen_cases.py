"""Which cases are ticked in a list, and what shall be done with them."""

from __future__ import annotations

import uuid

from werkzeug.datastructures import MultiDict

from portal.errors import BadRequest

MOST = 200


def chosen_ids(sent: MultiDict[str, str]) -> list[uuid.UUID]:
    """The ticked ones; with “all” those that the page showed. Each once, as sent; raises BadRequest."""
    texts = sent.getlist("shown" if sent.get("all") else "case")
    try:
        ids = list(dict.fromkeys(uuid.UUID(text) for text in texts))
    except ValueError as error:
        raise BadRequest("This list is damaged. Go back to the worklist and choose again.") from error
    if len(ids) > MOST:
        raise BadRequest(f"Choose at most {MOST} cases at once.")
    return ids
