"""The audit trail, for admins."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.forms.events import EventListForm
from portal.queries.accounts import usernames
from portal.queries.events import event_page
from portal.views.answers import page
from portal.web.access import requires

pages = Blueprint("events", __name__)


@pages.get("/events")
@requires("admin")
def show_all() -> ResponseReturnValue:
    names = usernames()
    filters = EventListForm(request.args, names)
    if not filters.validate():
        return page("events/events.html", 422, filters=filters, rows=None)
    rows = event_page(filters.selection(), request.args.get("page"))
    return page("events/events.html", filters=filters, rows=rows, names={str(id): name for id, name in names})
