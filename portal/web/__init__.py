"""What every request passes: limits, sign-in, roles, CSRF, headers, error pages, template helpers."""

from __future__ import annotations

from flask import Flask

from portal.web import access, addresses, errors, filters, headers, page_context, secrets, uploads, words


def install(app: Flask) -> None:
    """The order is the order of the checks: who asks, before a form is read for its token."""
    addresses.install(app)
    access.install(app)
    secrets.install(app)
    uploads.install(app)
    headers.install(app)
    errors.install(app)
    filters.install(app)
    words.install(app)
    page_context.install(app)
