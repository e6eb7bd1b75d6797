"""Who may come in: sessions from the cookie, and one stated rule per route. No rule, no entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import flask
from flask import Flask, Request, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from sqlalchemy import select

from portal.actions import sessions
from portal.actions.events import Actor
from portal.db import db
from portal.errors import NotAllowed
from portal.models import ROLES, LoginSession, User
from portal.models.columns import utc_now
from portal.services import settings
from portal.web.errors import error_page

PUBLIC = "public"
TOKEN = "login_token"
OWN_PASSWORD = ("account.show", "account.change_password", "accounts.sign_out")
"""All that someone may do whose password is known to someone else."""
LIVE = "/live"
"""Ends the address of a part that a page refreshes by itself: no sign that someone is sitting there."""

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
login_manager = LoginManager()


def public(view: View) -> View:
    """Anyone may call this route."""
    view.access_rule = PUBLIC  # type: ignore[attr-defined]
    return view


def requires(role: str) -> Callable[[View], View]:
    """Only a signed-in person whose role covers `role` may call this route."""
    assert role in ROLES

    def mark(view: View) -> View:
        view.access_rule = role  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(endpoint: str) -> str | None:
    """The rule that a route states; None when it states none (then nobody may call it)."""
    if endpoint == "static":
        return PUBLIC
    return getattr(current_app.view_functions[endpoint], "access_rule", None)


def install(app: Flask) -> None:
    login_manager.init_app(app, add_context_processor=False)
    login_manager.request_loader(_signed_in_user)
    login_manager.unauthorized_handler(_to_sign_in)
    app.before_request(check_access)


def check_access() -> ResponseReturnValue | None:
    """Before every view: the route's rule against the person of the session."""
    if request.endpoint is None:
        return None
    rule = rule_of(request.endpoint)
    if rule == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return login_manager.unauthorized()
    if current_user.must_change_password and request.endpoint not in OWN_PASSWORD:
        return _to_own_password()
    if rule is None or not current_user.may(rule):
        raise NotAllowed("Your account does not cover this. Ask an admin if you need it.")
    return None


def actor() -> Actor:
    """Who is acting in this request, for the audit trail."""
    user_id = current_user.id if current_user.is_authenticated else None
    return Actor(user_id, address())


def address() -> str:
    return request.remote_addr or ""


def start_session(token: str) -> None:
    """Put a new session's token in the cookie, dropping whatever the cookie held before."""
    flask.session.clear()
    flask.session.permanent = True
    flask.session[TOKEN] = token


def _signed_in_user(_request: Request) -> User | None:
    token = flask.session.get(TOKEN)
    if not token:
        return None
    login = db.session.scalars(
        select(LoginSession).where(LoginSession.token_sha256 == sessions.token_hash(token))
    ).one_or_none()
    if login is None or not _is_live(login):
        return None
    if not request.path.endswith(LIVE):
        sessions.touch(login)
    return login.user


def _is_live(login: LoginSession) -> bool:
    now = utc_now()
    chosen = settings()
    return (
        login.revoked_at is None
        and login.user.is_enabled
        and now - login.seen_at < chosen.session_idle
        and now - login.created_at < chosen.session_max
    )


def _to_sign_in() -> ResponseReturnValue:
    """Pages send to the sign-in form and come back afterwards, filters and all; anything else is told
    plainly. No address of the portal holds patient data."""
    if not _wants_page():
        return error_page(401, "Your session has ended. Sign in and send the form again.")
    return flask.redirect(flask.url_for("accounts.sign_in_form", next=request.full_path.rstrip("?")))


def _to_own_password() -> ResponseReturnValue:
    if not _wants_page():
        raise NotAllowed("Choose a password of your own first: sign in to the portal and open your account.")
    return flask.redirect(flask.url_for("account.show"))


def _wants_page() -> bool:
    return request.method == "GET" and not request.path.endswith((".json", LIVE))
