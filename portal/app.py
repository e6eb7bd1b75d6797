"""The portal as a web application."""

from __future__ import annotations

from flask import Flask

from portal import views, web
from portal.core import create_core
from portal.queueing import Doorbell
from portal.settings import Settings


def create_app(settings: Settings | None = None, doorbell: Doorbell | None = None) -> Flask:
    """Everything put together: the core, what every request passes, and the pages."""
    app = create_core(settings, doorbell)
    web.install(app)
    views.install(app)
    return app
