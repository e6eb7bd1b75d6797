"""What was put together in `create_core`, for the code that runs inside the application."""

from __future__ import annotations

from typing import cast

from flask import current_app

from portal.queueing import Doorbell
from portal.settings import Settings
from portal.storage import Storage


def settings() -> Settings:
    return cast(Settings, current_app.extensions["greenstick.settings"])


def storage() -> Storage:
    return cast(Storage, current_app.extensions["greenstick.storage"])


def doorbell() -> Doorbell:
    return cast(Doorbell, current_app.extensions["greenstick.doorbell"])
