"""The core of an installation: settings, database, storage and doorbell, bound to one home folder."""

from __future__ import annotations

from flask import Flask

from portal import models  # noqa: F401  (registers the tables)
from portal.db import connect, engine_options
from portal.home_folder import make_home
from portal.queueing import Doorbell
from portal.settings import PROJECT_ROOT, Settings
from portal.storage import Storage


def create_core(settings: Settings | None = None, doorbell: Doorbell | None = None) -> Flask:
    """An application without pages: what workers and commands need, and what `create_app` builds on.

    Raises ForeignHome before anything is changed in a folder that is not Greenstick's.
    """
    settings = settings or Settings.from_environment()
    make_home(settings.home)
    app = Flask(
        "greenstick",
        root_path=str(PROJECT_ROOT / "portal"),
        template_folder=str(PROJECT_ROOT / "templates"),
        static_folder=str(PROJECT_ROOT / "static"),
        static_url_path="/static",
    )
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.sqlalchemy_url, settings.web_threads),
        MIGRATIONS_DIR=PROJECT_ROOT / "migrations",
    )
    app.extensions["greenstick.settings"] = settings
    app.extensions["greenstick.storage"] = Storage(settings)
    app.extensions["greenstick.doorbell"] = doorbell or Doorbell(settings)
    connect(app)
    return app
