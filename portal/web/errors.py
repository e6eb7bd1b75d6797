"""Every failure becomes a page that says what happened and what to do: in this one place."""

from __future__ import annotations

import logging

import flask
from flask import (
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from portal.db import db, is_out_of_space
from portal.errors import Conflict, GreenstickError, TooManyTries
from portal.services import settings
from portal.settings import MAX_TEXT_MIB
from portal.web.local_paths import local_path

log = logging.getLogger(__name__)

TITLES = {
    400: "This could not be used",
    401: "Please sign in",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed here",
    409: "Already under way",
    413: "Too large",
    429: "Too many tries",
    500: "Something went wrong",
    503: "Not available just now",
    507: "No space left",
}
MESSAGES = {
    404: "There is nothing at this address. It may have been mistyped, or the thing is gone.",
    405: "This address does not take that kind of request. Go back and use the form.",
}
NO_ANSWER = "The database does not answer. Try again in a minute."
NO_ROOM = "The database's disk is full. Ask an admin to free space."
LOOK_FIRST = "It is not known whether what you sent was saved: look before you send it again."
UNKNOWN_HOST = "The portal does not answer to this host name. Use the address that you were given."
NO_COOKIE = (
    "Signing in needs a cookie, and your browser sent none. Allow cookies for the portal, then reload it."
)
OUR_FAULT = (
    "This is our fault, not yours. What was saved before is safe. Try again; if it stays, tell an admin."
)


def install(app: Flask) -> None:
    app.register_error_handler(GreenstickError, _expected)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _unexpected)


def error_page(status: int, message: str, link_id: str | None = None) -> ResponseReturnValue:
    """A page, or the same facts as JSON where a script asked for JSON."""
    title = TITLES.get(status, TITLES[400] if status < 500 else TITLES[500])
    if request.path.endswith(".json"):
        return jsonify(error=title, message=message), status
    page = render_template(
        "errors/error.html",
        title=title,
        message=message,
        link_id=link_id,
        written=_written(status),
        case_id=(request.view_args or {}).get("case_id") if request.method == "POST" else None,
    )
    return make_response(page, status)


def _written(status: int) -> str:
    """The comment of a form that could not be taken, so that it need not be written again.

    Uploads are not looked at: who may not send one shall not make us read it.
    """
    if request.mimetype != "application/x-www-form-urlencoded" or status == 413:
        return ""
    return request.form.get("comment", "")


def _expected(error: GreenstickError) -> ResponseReturnValue:
    link_id = error.link_id if isinstance(error, Conflict) else None
    response = make_response(error_page(error.status, error.message, link_id))
    if isinstance(error, TooManyTries):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _csrf(error: CSRFError) -> ResponseReturnValue:
    is_from_elsewhere = "referrer" in (error.description or "")  # a fresh form would not help
    if request.endpoint == "accounts.sign_in" and not is_from_elsewhere:
        return _sign_in_anew()
    return error_page(
        400, "The form is too old or was not made by this page. Go back, reload, and send it again."
    )


def _sign_in_anew() -> ResponseReturnValue:
    """To a fresh form from one that was left open overnight; without a cookie a fresh one would not serve
    either, and could not say why."""
    if not request.cookies.get(current_app.config["SESSION_COOKIE_NAME"]):
        return error_page(400, NO_COOKIE)
    flask.flash("This page was open for too long. Please sign in again.")
    return redirect(url_for("accounts.sign_in_form", next=local_path(request.form.get("next"))), 303)


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError):
        return Response(f"{UNKNOWN_HOST}\n", 400, mimetype="text/plain")  # no page: links need a host
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    if status == 413:
        return error_page(status, _too_large())
    return error_page(
        status, MESSAGES.get(status, "The request could not be understood. Go back and try again.")
    )


def _too_large() -> str:
    """What ended the reading of the form is not known here: its size, its parts, or a text in it."""
    chosen = settings()
    return (
        f"The form is too large, so nothing was saved. It takes {chosen.max_request_mib} MiB together, "
        f"{chosen.max_files} files and {MAX_TEXT_MIB} MiB of text. Send fewer or smaller files."
    )


def _database(error: OperationalError) -> ResponseReturnValue:
    """Of a form, some may be saved: a change before the one that failed, or a commit without an answer."""
    db.session.rollback()
    log.error("database unavailable endpoint=%s error=%s", request.endpoint, type(error.orig).__name__)
    status, message = (507, NO_ROOM) if is_out_of_space(error) else (503, NO_ANSWER)
    return error_page(status, f"{message} {LOOK_FIRST}" if request.method == "POST" else message)


def _unexpected(error: Exception) -> ResponseReturnValue:
    """Only the kind and place are logged: a message or a traceback's values may hold patient data."""
    db.session.rollback()
    log.error("unexpected endpoint=%s error=%s at=%s", request.endpoint, type(error).__name__, _place(error))
    return error_page(500, OUR_FAULT)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-6:])
