"""The pages. A view asks permission, parses, calls one action or query, and answers."""

from __future__ import annotations

from flask import Flask

from portal.views import (
    account,
    accounts,
    batches,
    cases,
    chosen_cases,
    corrections,
    dashboard,
    events,
    health,
    help,
    history,
    images,
    preferences,
    reading,
    releases,
    reruns,
    reviews,
    users,
    withdrawals,
    worklist,
)

SUBJECTS = (
    account, accounts, batches, cases, chosen_cases, corrections, dashboard, events, health, help, history,
    images, preferences, reading, releases, reruns, reviews, users, withdrawals, worklist,
)  # fmt: skip


def install(app: Flask) -> None:
    for subject in SUBJECTS:
        app.register_blueprint(subject.pages)
