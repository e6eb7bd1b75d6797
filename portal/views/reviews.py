"""A reader's review of a case."""

from __future__ import annotations

import uuid

import flask
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.reviews import add_review
from portal.errors import BadRequest, Conflict
from portal.forms.reviews import ReviewForm
from portal.queries.cases import read_case
from portal.queries.withdrawals import WITHDRAWN
from portal.services import settings
from portal.views.answers import my_id, see
from portal.views.case_page import NO_PICTURE, case_page
from portal.views.reading import SAVED, see_first_after_saving
from portal.views.worklist import way_in_force
from portal.web.access import actor, requires

pages = Blueprint("reviews", __name__)

SAVED_REVIEW = "saved review"
"""The kind of flash that tells the next page of which case a draft can go."""


@pages.post("/cases/<uuid:case_id>/reviews")
@requires("reader")
def add(case_id: uuid.UUID) -> ResponseReturnValue:
    number = request.args.get("image", type=int)
    read = read_case(case_id)
    if read.case.withdrawn_at is not None:
        raise BadRequest(WITHDRAWN)
    if not read.has_picture:
        raise BadRequest(NO_PICTURE)
    form = ReviewForm(request.form, read)
    if not form.validate():
        return case_page(case_id, number, form, 422)
    key = form.submission_key(case_id, my_id())
    try:
        add_review(case_id, form.opinion(), key, actor(), settings().readings)
    except Conflict as error:
        return case_page(case_id, number, form, error.status)
    flask.flash(str(case_id), SAVED_REVIEW)
    if request.form.get("then") == "next":
        return see_first_after_saving()
    flask.flash(SAVED)
    return see("cases.show", case_id=case_id, image=number, **way_in_force())
