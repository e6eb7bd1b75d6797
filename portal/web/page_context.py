"""What every page knows: who is signed in, the navigation, the limits, where its assets lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from portal.models.accounts import covers
from portal.refusals import MAX_MEGAPIXELS
from portal.services import settings


@dataclass(frozen=True)
class Viewer:
    """Who is signed in, for the page around the content; survives a database that goes away."""

    id: int
    username: str
    role: str

    def may(self, role: str) -> bool:
        return covers(self.role, role)


@dataclass(frozen=True)
class Link:
    label: str
    endpoint: str
    role: str = "radiographer"


NAVIGATION = (
    Link("Dashboard", "dashboard.show"),
    Link("Worklist", "worklist.show", "reader"),
    Link("New case", "cases.new"),
    Link("History", "history.show"),
    Link("Batches", "batches.show_all"),
    Link("Releases", "releases.show_all"),
    Link("Users", "users.show_all", "admin"),
    Link("Audit", "events.show_all", "admin"),
)


def install(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(page_context)


def page_context() -> dict[str, Any]:
    who = viewer()
    links = [link for link in NAVIGATION if who and who.may(link.role)]
    return {
        "viewer": who,
        "navigation": links,
        "settings": settings(),
        "max_megapixels": MAX_MEGAPIXELS,
        "asset": asset,
    }


def viewer() -> Viewer | None:
    """The signed-in person; None also when the database cannot say, so that error pages always work."""
    try:
        user = current_user if current_user.is_authenticated else None
        return Viewer(user.id, user.username, user.role) if user else None
    except SQLAlchemyError:
        return None


def asset(name: str) -> str:
    return url_for("static", filename=name)
