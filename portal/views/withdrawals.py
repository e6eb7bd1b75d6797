"""Withdrawing a case that was uploaded by mistake, and restoring it."""

from __future__ import annotations

import uuid

import flask
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.case_views import note_view
from portal.actions.withdrawals import restore_case, withdraw_case
from portal.forms.withdrawals import WithdrawalForm
from portal.queries.cases import read_case
from portal.queries.reviews import reviews_of
from portal.services import doorbell
from portal.views.answers import page, see
from portal.views.worklist import way_in_force
from portal.web.access import actor, requires

pages = Blueprint("withdrawals", __name__)

WITHDRAWN = "The case was withdrawn. It is found in the history under the state “withdrawn”."
WITHDRAWN_BEFORE = "The case was withdrawn before: nothing was changed."
RESTORED = "The case was restored: it stands in all lists again."
NOT_WITHDRAWN = "The case is not withdrawn: nothing was changed."


@pages.get("/cases/<uuid:case_id>/withdraw")
@requires("radiographer")
def confirm(case_id: uuid.UUID) -> ResponseReturnValue:
    note_view(case_id, actor())
    return _confirm(case_id, WithdrawalForm(None))


@pages.post("/cases/<uuid:case_id>/withdraw")
@requires("radiographer")
def withdraw(case_id: uuid.UUID) -> ResponseReturnValue:
    form = WithdrawalForm()
    if not form.validate():
        note_view(case_id, actor(), is_part=True)
        return _confirm(case_id, form, 422)
    was_withdrawn = withdraw_case(case_id, form.reason.data, form.note.data, actor())
    flask.flash(WITHDRAWN if was_withdrawn else WITHDRAWN_BEFORE)
    return _see(case_id)


@pages.post("/cases/<uuid:case_id>/restore")
@requires("radiographer")
def restore(case_id: uuid.UUID) -> ResponseReturnValue:
    was_restored = restore_case(case_id, actor())
    doorbell().ring("inference")
    flask.flash(RESTORED if was_restored else NOT_WITHDRAWN)
    return _see(case_id)


def _confirm(case_id: uuid.UUID, form: WithdrawalForm, status: int = 200) -> ResponseReturnValue:
    read = read_case(case_id)
    return page(
        "cases/withdraw.html", status, form=form, case=read.case, images_count=len(read.images),
        reviews_count=len(reviews_of(read.case)), way=way_in_force(), number=_number(),
    )  # fmt: skip


def _see(case_id: uuid.UUID) -> ResponseReturnValue:
    return see("cases.show", case_id=case_id, image=_number(), **way_in_force())


def _number() -> int | None:
    return request.args.get("image", type=int)
