"""The signing key, the cookie's attributes and the CSRF token."""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.settings import Settings
from portal.storage import sync

KEY_BYTES = 32
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
    """The installation's own key, made at the first start, and again where a crash left none or a part of it.

    Two processes that start at once agree on one. It is on the disk before it is used.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not path.exists() or path.stat().st_size < KEY_BYTES:
            _make_key(path)
        return path.read_bytes()
    finally:
        os.close(folder)


def _make_key(path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="secret_key-", delete=False) as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    sync(Path(file.name))
    os.replace(file.name, path)
    sync(path.parent)
