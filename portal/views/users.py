"""People who may sign in: for admins."""

from __future__ import annotations

import flask
from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal.actions import accounts
from portal.errors import BadRequest
from portal.forms.accounts import EnabledForm, NewUserForm, PasswordForm, RoleForm
from portal.queries.accounts import users
from portal.views.answers import page, see
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
        accounts.add_user(form.username.data, form.password.data, form.role.data, actor())
    except BadRequest as error:
        return _list(form, 422, error.message)
    flask.flash("The user was added. Hand over the first password in person.")
    return see("users.show_all")


@pages.post("/users/<row:user_id>/role")
@requires("admin")
def set_role(user_id: int) -> ResponseReturnValue:
    form = _valid(RoleForm())
    accounts.set_role(user_id, form.role.data, actor())
    flask.flash("The role was changed.")
    return see("users.show_all")


@pages.post("/users/<row:user_id>/password")
@requires("admin")
def set_password(user_id: int) -> ResponseReturnValue:
    form = _valid(PasswordForm())
    accounts.set_password(user_id, form.password.data, actor())
    flask.flash("The password was set, and every session of this person was ended.")
    return see("users.show_all")


@pages.post("/users/<row:user_id>/enabled")
@requires("admin")
def set_enabled(user_id: int) -> ResponseReturnValue:
    form = _valid(EnabledForm())
    accounts.set_enabled(user_id, form.is_enabled.data, actor())
    flask.flash(
        "This person may sign in." if form.is_enabled.data else "This person may not sign in any more."
    )
    return see("users.show_all")


@pages.post("/users/<row:user_id>/sign-out")
@requires("admin")
def sign_out(user_id: int) -> ResponseReturnValue:
    accounts.sign_out_everywhere(user_id, actor())
    flask.flash("Every session of this person was ended.")
    return see("users.show_all")


def _list(form: NewUserForm, status: int = 200, problem: str = "") -> ResponseReturnValue:
    return page("users/users.html", status, users=users(), form=form, problem=problem)


def _valid(form: FlaskForm) -> FlaskForm:
    if not form.validate():
        raise BadRequest(next(message for messages in form.errors.values() for message in messages))
    return form
