"""People who may sign in: for admins."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import flask
from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal.actions import accounts
from portal.errors import BadRequest
from portal.forms.accounts import EnabledForm, NewUserForm, PasswordForm, RoleForm
from portal.queries.accounts import users
from portal.views.answers import my_id, page, see
from portal.web.access import actor, requires

pages = Blueprint("users", __name__)


@pages.get("/users")
@requires("admin")
def show_all() -> ResponseReturnValue:
    return _list(NewUserForm(None))


@pages.post("/users")
@requires("admin")
def add() -> ResponseReturnValue:
    form = NewUserForm()
    if not form.validate():
        return _list(form, 422)
    try:
        accounts.add_user(form.username.data, form.password.data, form.role.data, actor(), must_change=True)
    except BadRequest as error:
        return _list(form, 422, error.message)
    flask.flash(
        "The user was added. Hand over the first password in person; it is replaced at the first sign-in."
    )
    return see("users.show_all")


@pages.post("/users/<row:user_id>/role")
@requires("admin")
def set_role(user_id: int) -> ResponseReturnValue:
    form = RoleForm()
    return _changed(
        user_id, form, lambda: accounts.set_role(user_id, form.role.data, actor()), "The role was changed."
    )


@pages.post("/users/<row:user_id>/password")
@requires("admin")
def set_password(user_id: int) -> ResponseReturnValue:
    form = PasswordForm()
    return _changed(
        user_id,
        form,
        lambda: accounts.set_password(user_id, form.password.data, actor(), must_change=user_id != my_id()),
        "The password was set, and every session of this person was ended.",
    )


@pages.post("/users/<row:user_id>/enabled")
@requires("admin")
def set_enabled(user_id: int) -> ResponseReturnValue:
    form = EnabledForm()
    return _changed(
        user_id,
        form,
        lambda: accounts.set_enabled(user_id, form.is_enabled.data, actor()),
        "This person may sign in." if form.is_enabled.data else "This person may not sign in any more.",
    )


@pages.post("/users/<row:user_id>/sign-out")
@requires("admin")
def sign_out(user_id: int) -> ResponseReturnValue:
    accounts.sign_out_everywhere(user_id, actor())
    flask.flash("Every session of this person was ended.")
    return see("users.show_all")


def _changed(user_id: int, form: FlaskForm, change: Callable[[], None], words: str) -> ResponseReturnValue:
    """The list again: after the change, or with the reason why there was none, at the same person."""
    try:
        if not form.validate():
            raise BadRequest(next(message for messages in form.errors.values() for message in messages))
        change()
    except BadRequest as error:
        return _list(NewUserForm(None), error.status, refusal=Refusal(user_id, error.message))
    flask.flash(words)
    return see("users.show_all")


class Refusal(NamedTuple):
    """Why nothing was changed about a person."""

    user_id: int
    message: str


def _list(
    form: NewUserForm, status: int = 200, problem: str = "", refusal: Refusal | None = None
) -> ResponseReturnValue:
    return page("users/users.html", status, users=users(), form=form, problem=problem, refusal=refusal)
