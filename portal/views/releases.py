"""Which models there are, and what their cards say."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.queries.releases import releases
from portal.views.answers import page
from portal.web.access import requires

pages = Blueprint("releases", __name__)


@pages.get("/releases")
@requires("radiographer")
def show_all() -> ResponseReturnValue:
    return page("releases/releases.html", rows=releases())
