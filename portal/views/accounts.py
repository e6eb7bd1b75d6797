"""Signing in and out."""

from __future__ import annotations

import flask
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.actions import sessions
from portal.errors import BadRequest, TooManyTries
from portal.forms.accounts import SignInForm
from portal.services import settings
from portal.views.answers import page, see
from portal.web.access import TOKEN, actor, address, public, requires, start_session
from portal.web.local_paths import local_path

pages = Blueprint("accounts", __name__)


@pages.get("/login")
@public
def sign_in_form() -> ResponseReturnValue:
    return page("accounts/sign_in.html", form=SignInForm(request.args))


@pages.post("/login")
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return page("accounts/sign_in.html", 422, form=form)
    try:
        token = sessions.sign_in(form.username.data, form.password.data, settings().login_tries, address())
    except BadRequest as error:
        return page("accounts/sign_in.html", 422, form=form, problem=error.message)
    except TooManyTries as error:
        answer = flask.make_response(
            page("accounts/sign_in.html", error.status, form=form, problem=error.message)
        )
        answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer
    start_session(token)
    return redirect(local_path(form.next.data) or url_for("dashboard.show"), 303)


@pages.get("/signed-in/live")
@requires("radiographer")
def signed_in() -> ResponseReturnValue:
    """Nothing, to who is signed in: pages ask, so that patients leave the screen with the person."""
    return "", 204


@pages.post("/logout")
@requires("radiographer")
def sign_out() -> ResponseReturnValue:
    sessions.sign_out(flask.session[TOKEN], actor())
    flask.session.clear()
    return see("accounts.sign_in_form")
