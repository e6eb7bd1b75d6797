"""Prepare a home folder: migrations, shipped releases, the first admin. Doing it again changes nothing."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sqlalchemy import func, select

from portal.actions.accounts import MIN_PASSWORD_LENGTH, add_user
from portal.actions.events import SYSTEM
from portal.actions.releases import publish
from portal.commands.failures import failures_in_words
from portal.commands.migrate import apply_migrations
from portal.core import create_core
from portal.db import db
from portal.errors import BadRequest
from portal.models import User
from portal.settings import PROJECT_ROOT, Settings

FIRST_ADMIN = "admin"


def main() -> None:
    os.umask(0o077)
    with failures_in_words():
        app = create_core()
        apply_migrations(app)
        settings: Settings = app.extensions["greenstick.settings"]
        with app.app_context():
            publish_releases(settings)
            add_first_admin(settings)


def publish_releases(settings: Settings) -> None:
    """Register the releases shipped with this version, and those an admin put into the home's `releases/`.

    One that cannot be used is named and left out: it must not keep the portal from starting.
    """
    for folder in (PROJECT_ROOT / "releases", settings.releases_dir):
        for card in sorted(folder.glob("*/card.json")):
            if not card.parent.name.startswith("."):
                _publish_if_usable(card.parent, settings.releases_dir)


def _publish_if_usable(folder: Path, releases_dir: Path) -> None:
    try:
        publish(folder, releases_dir)
    except BadRequest as error:
        print(f"The release in {folder.name}/ was left out. {error.message}", flush=True)


def add_first_admin(settings: Settings) -> None:
    """The admin of an empty installation; a made-up password is printed this once and kept nowhere."""
    if db.session.scalar(select(func.count()).select_from(User)):
        return
    password = settings.admin_password or secrets.token_urlsafe(12)
    was_made_up = not settings.admin_password
    add_user(FIRST_ADMIN, password, "admin", SYSTEM, min_length=1, must_change=was_made_up)
    if was_made_up:
        print(
            f"First admin: user name “{FIRST_ADMIN}”, password “{password}”. It is shown only now, and "
            "replaced at the first sign-in.",
            flush=True,
        )
    elif len(password) < MIN_PASSWORD_LENGTH:
        print("The first admin's password is short. Set a longer one: ./run user passwd admin", flush=True)


if __name__ == "__main__":
    main()
