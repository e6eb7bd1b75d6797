"""What the words and colours mean."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.views.answers import page
from portal.web.access import requires

pages = Blueprint("help", __name__)


@pages.get("/help")
@requires("radiographer")
def show() -> ResponseReturnValue:
    return page("help/help.html")
