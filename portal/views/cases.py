"""Cases: taking a new one in, and showing one."""

from __future__ import annotations

import uuid

import flask
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from portal.actions.case_views import note_view
from portal.actions.cases import receive_case
from portal.forms.cases import BODY_PARTS, NO_FILE, UploadForm
from portal.queries.cases import read_case
from portal.queries.reviews import reviews_of, spoken
from portal.queries.withdrawals import withdrawal_of
from portal.services import doorbell, settings
from portal.views.answers import my_id, page, see_new
from portal.views.case_json import as_json
from portal.views.case_page import case_live, case_page
from portal.web.access import actor, requires
from portal.web.uploads import is_chosen, receive

pages = Blueprint("cases", __name__)


@pages.get("/cases/new")
@requires("radiographer")
def new() -> ResponseReturnValue:
    """`?like=<case id>`: with what was said of that case, whose file could not be used."""
    like = request.args.get("like", type=uuid.UUID)
    if like is None:
        return _form(UploadForm(None))
    note_view(like, actor())
    return _form(UploadForm(None, obj=read_case(like).case))


@pages.post("/cases")
@requires("radiographer")
def create() -> ResponseReturnValue:
    form = UploadForm()
    uploads = [upload for upload in request.files.getlist("images") if is_chosen(upload)]
    is_valid = form.validate()
    if len(uploads) > settings().max_files:
        form.add_file_error(f"These are {len(uploads)} files; one case takes at most {settings().max_files}.")
        return _form(form, 413)
    if not uploads:
        form.add_file_error(NO_FILE)
    if not is_valid or not uploads:
        return _form(form, 422)
    files = [receive(upload) for upload in uploads]
    case, is_new = receive_case(form.details(), files, form.token(), actor())
    doorbell().ring("intake")
    return _received(case.id, is_new)


@pages.get("/cases/<uuid:case_id>")
@requires("radiographer")
def show(case_id: uuid.UUID) -> ResponseReturnValue:
    return case_page(case_id, request.args.get("image", type=int))


@pages.get("/cases/<uuid:case_id>/live")
@requires("radiographer")
def live(case_id: uuid.UUID) -> ResponseReturnValue:
    """The part of the page that changes while images are read."""
    note_view(case_id, actor(), is_part=True)
    return case_live(case_id, request.args.get("image", type=int))


@pages.get("/cases/<uuid:case_id>.json")
@requires("radiographer")
def show_json(case_id: uuid.UUID) -> ResponseReturnValue:
    note_view(case_id, actor(), is_part=True)
    read = read_case(case_id)
    told = spoken(read.case, reviews_of(read.case), my_id())
    return jsonify(as_json(read, told, withdrawal_of(read.case)))


def _form(form: UploadForm, status: int = 200) -> ResponseReturnValue:
    return page("cases/new.html", status, form=form, body_parts=BODY_PARTS)


def _received(case_id: uuid.UUID, is_new: bool) -> ResponseReturnValue:
    if not is_new:
        flask.flash("This form was sent before: here is the case it made.")
    return see_new("cases.show", case_id=case_id)
