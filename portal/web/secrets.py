"""The signing key, the cookie's attributes and the CSRF token."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.settings import Settings

csrf = CSRFProtect()


def install(app: Flask) -> None:
    settings: Settings = app.extensions["greenstick.settings"]
    app.config.update(
        SECRET_KEY=secret_key(settings.home / "secret_key"),
        SESSION_COOKIE_NAME="__Host-greenstick" if settings.is_https else "greenstick",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=settings.session_max,
        WTF_CSRF_TIME_LIMIT=int(settings.session_max.total_seconds()),
        WTF_CSRF_SSL_STRICT=settings.is_https,
        TRUSTED_HOSTS=settings.hosts or None,
    )
    csrf.init_app(app)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def secret_key(path: Path) -> bytes:
    """The installation's own key, made at the first start; two processes starting at once agree on one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()
