"""Cases: taking a new one in, and showing one."""

from __future__ import annotations

import uuid
from typing import Any

import flask
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from portal.actions.case_views import note_view
from portal.actions.cases import receive_case
from portal.actions.reviews import Opinion, add_review
from portal.forms.cases import BODY_PARTS, NO_FILE, UploadForm
from portal.forms.reviews import ReviewForm
from portal.queries.case_claims import current_claim
from portal.queries.cases import read_case
from portal.queries.queue import place_of
from portal.queries.reviews import reviews_of, seen_by
from portal.services import doorbell, settings
from portal.views.answers import my_id, page, see, see_new
from portal.views.case_json import as_json
from portal.views.worklist import see_first
from portal.web.access import actor, requires
from portal.web.uploads import is_chosen, receive

pages = Blueprint("cases", __name__)


@pages.get("/cases/new")
@requires("radiographer")
def new() -> ResponseReturnValue:
    return _form(UploadForm(None))


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
    number = request.args.get("image", type=int)
    note_view(case_id, actor(), is_poll=number is not None)
    return _show(case_id, number, ReviewForm(None))


@pages.get("/cases/<uuid:case_id>/live")
@requires("radiographer")
def live(case_id: uuid.UUID) -> ResponseReturnValue:
    """The part of the page that changes while images are read."""
    return page("cases/_live.html", **_reading(case_id, request.args.get("image", type=int)))


@pages.get("/cases/<uuid:case_id>.json")
@requires("radiographer")
def show_json(case_id: uuid.UUID) -> ResponseReturnValue:
    note_view(case_id, actor(), is_poll=True)
    return jsonify(as_json(read_case(case_id)))


@pages.post("/cases/<uuid:case_id>/reviews")
@requires("reader")
def review(case_id: uuid.UUID) -> ResponseReturnValue:
    form = ReviewForm()
    if not form.validate():
        return _show(case_id, request.args.get("image", type=int), form, 422)
    key = form.submission_key(case_id, my_id())
    opinion = Opinion(form.is_fracture.data == "yes", form.agrees.data == "yes", form.comment.data)
    add_review(case_id, opinion, key, actor())
    if request.form.get("then") == "next":
        flask.flash("Your review was saved; this is the next case.")
        return see_first()
    flask.flash("Your review was saved.")
    return see("cases.show", case_id=case_id, image=request.args.get("image", type=int))


def _form(form: UploadForm, status: int = 200) -> ResponseReturnValue:
    return page("cases/new.html", status, form=form, body_parts=BODY_PARTS)


def _received(case_id: uuid.UUID, is_new: bool) -> ResponseReturnValue:
    if not is_new:
        flask.flash("This form was sent before: here is the case it made.")
    return see_new("cases.show", case_id=case_id)


def _show(case_id: uuid.UUID, number: int | None, form: ReviewForm, status: int = 200) -> ResponseReturnValue:
    reading = _reading(case_id, number)
    claim = current_claim(reading["case"])
    reviews = seen_by(my_id(), reading["case"], reviews_of(reading["case"]))[::-1]
    return page("cases/show.html", status, form=form, reviews=reviews, claim=claim, **reading)


def _reading(case_id: uuid.UUID, number: int | None) -> dict[str, Any]:
    read = read_case(case_id)
    return {"read": read, "case": read.case, "shown": read.image_to_show(number), "place": place_of(read)}
