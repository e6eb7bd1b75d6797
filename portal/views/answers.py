"""Answers that several pages give."""

from __future__ import annotations

from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user


def see(endpoint: str, **values: Any) -> ResponseReturnValue:
    """Redirect after a change, so that reloading the page sends nothing again."""
    return redirect(url_for(endpoint, **values), 303)


def see_new(endpoint: str, **values: Any) -> ResponseReturnValue:
    """As `see`, to what an upload made; the upload script goes there by itself."""
    if request.accept_mimetypes.best == "application/json":
        return jsonify(location=url_for(endpoint, **values)), 201
    return see(endpoint, **values)


def page(template: str, status: int = 200, **values: Any) -> ResponseReturnValue:
    """The title says so when what was sent could not be used."""
    return render_template(template, is_refused=status >= 400, **values), status


def my_id() -> int:
    """The signed-in person's id; only behind a route that requires a role."""
    return int(current_user.id)
