"""Correcting what was said of a case at its upload."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import flask
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.case_views import note_view
from portal.actions.corrections import correct_case
from portal.errors import BadRequest, Conflict
from portal.forms.cases import BODY_PARTS
from portal.forms.corrections import CorrectionForm
from portal.models import Case
from portal.queries.cases import read_case
from portal.queries.corrections import DETAIL_WORDS, details_at
from portal.queries.withdrawals import WITHDRAWN
from portal.services import doorbell
from portal.views.answers import page, see
from portal.views.worklist import way_in_force
from portal.web.access import actor, requires

pages = Blueprint("corrections", __name__)

NOTHING = "The case says so already: nothing was changed."


@pages.get("/cases/<uuid:case_id>/correct")
@requires("radiographer")
def show(case_id: uuid.UUID) -> ResponseReturnValue:
    note_view(case_id, actor())
    case = read_case(case_id).case
    if case.withdrawn_at is not None:
        raise BadRequest(WITHDRAWN)
    return _form(case, CorrectionForm(None, obj=case))


@pages.post("/cases/<uuid:case_id>/correct")
@requires("radiographer")
def correct(case_id: uuid.UUID) -> ResponseReturnValue:
    """Who comes second gets the page again, with what the case says now beside what they typed."""
    case = read_case(case_id).case
    form = CorrectionForm(request.form, obj=case)
    if not form.validate():
        return _form_again(case, form, 422)
    shown = form.shown_version()
    try:
        changed = correct_case(case_id, form.details(), shown, actor())
    except Conflict as error:
        case = read_case(case_id).case
        meanwhile = form.stand_beside(case, details_at(case, shown))
        problem = f"{error.message} Changed meanwhile: {_words(meanwhile)}." if meanwhile else error.message
        return _form_again(case, form, error.status, problem)
    doorbell().ring("intake")
    flask.flash(f"Corrected: {_words(changed)}." if changed else NOTHING)
    return see("cases.show", case_id=case_id, image=_number(), **way_in_force())


def _form_again(case: Case, form: CorrectionForm, status: int, problem: str = "") -> ResponseReturnValue:
    note_view(case.id, actor(), is_part=True)
    return _form(case, form, status, problem)


def _form(case: Case, form: CorrectionForm, status: int = 200, problem: str = "") -> ResponseReturnValue:
    return page(
        "cases/correct.html", status, form=form, case=case, problem=problem, body_parts=BODY_PARTS,
        number=_number(), way=way_in_force(),
    )  # fmt: skip


def _words(names: Iterable[str]) -> str:
    return ", ".join(DETAIL_WORDS[name] for name in names)


def _number() -> int | None:
    return request.args.get("image", type=int)
