"""The first page: how today goes."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.queries.dashboard import dashboard_of, has_active_release
from portal.views.answers import my_id, page
from portal.views.health import parts
from portal.web.access import requires

pages = Blueprint("dashboard", __name__)

NO_RELEASE = "No release is active: images are kept and read as soon as there is one."


@pages.get("/")
@requires("radiographer")
def show() -> ResponseReturnValue:
    return page("dashboard/dashboard.html", board=dashboard_of(my_id()), warnings=_warnings())


@pages.get("/dashboard/live")
@requires("radiographer")
def live() -> ResponseReturnValue:
    return page("dashboard/_live.html", board=dashboard_of(my_id()), warnings=_warnings())


def _warnings() -> list[str]:
    """What is missing just now, in words for staff."""
    missing = [part.message for part in parts().values() if not part.ok]
    return missing if has_active_release() else [NO_RELEASE, *missing]
