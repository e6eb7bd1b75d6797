"""One's own account."""

from __future__ import annotations

import flask
from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.actions.accounts import set_password
from portal.actions.sessions import confirm_password
from portal.errors import BadRequest
from portal.forms.accounts import OwnPasswordForm
from portal.services import settings
from portal.views.answers import my_id, page, see
from portal.web.access import actor, address, requires

pages = Blueprint("account", __name__)


@pages.get("/account")
@requires("radiographer")
def show() -> ResponseReturnValue:
    return _account(OwnPasswordForm(None))


@pages.post("/account")
@requires("radiographer")
def change_password() -> ResponseReturnValue:
    """Ends every session of this person, this one too: who knew the old password is out."""
    form = OwnPasswordForm()
    if not form.validate():
        return _account(form, 422)
    who, me = actor(), my_id()
    try:
        confirm_password(current_user, form.present.data, settings().login_tries, address())
        set_password(me, form.chosen.data, who)
    except BadRequest as error:
        return _account(form, 422, error.message)
    flask.session.clear()
    flask.flash("Your password was changed. Sign in with the new one.")
    return see("accounts.sign_in_form")


def _account(form: OwnPasswordForm, status: int = 200, problem: str = "") -> ResponseReturnValue:
    must_change = current_user.must_change_password
    return page("accounts/account.html", status, form=form, problem=problem, must_change=must_change)
