"""The two tasks: each wakes a pipeline. Messages carry nothing, so there is nothing to unwrap."""

from __future__ import annotations

import logging
from collections.abc import Callable

from celery import Celery
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal.queueing import TASKS

log = logging.getLogger(__name__)


def register(celery: Celery, app: Flask, queue: str, drain: Callable[[], None]) -> None:
    """Make `drain` the task of this queue; running it twice, or for nothing, is harmless."""

    @celery.task(name=TASKS[queue])
    def run() -> None:
        with app.app_context():
            try:
                drain()
            except SQLAlchemyError as error:
                log.error("drain stopped queue=%s error=%s", queue, type(error).__name__)
