"""Reading one case after the other: saying who reads it, and going to the one beside it."""

from __future__ import annotations

import uuid

import flask
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.case_claims import claim_case, claim_first, release_case
from portal.queries.cases import read_case
from portal.queries.next_cases import neighbour
from portal.views.answers import my_id, see
from portal.views.worklist import see_list, selection_in_force, way_in_force
from portal.web.access import actor, requires

pages = Blueprint("reading", __name__)

SAVED = "Your review was saved."
SAVED_AND_NEXT = "Your review was saved; this is the next case."
NOTHING = "There is no unread case{in_list} that is free."
NOTHING_ELSE = "There is no other unread case{in_list} that is free."


@pages.post("/worklist/start")
@requires("reader")
def start() -> ResponseReturnValue:
    """Claims the first free case and opens it: two readers who start at once get two cases."""
    selection = selection_in_force()
    if selection is None:
        return _see(None)
    return _go_to(claim_first(actor(), selection), NOTHING)


@pages.get("/cases/<uuid:case_id>/next")
@requires("reader")
def next_case(case_id: uuid.UUID) -> ResponseReturnValue:
    return _beside(case_id)


@pages.get("/cases/<uuid:case_id>/previous")
@requires("reader")
def previous_case(case_id: uuid.UUID) -> ResponseReturnValue:
    return _beside(case_id, is_backwards=True)


@pages.post("/cases/<uuid:case_id>/claim")
@requires("reader")
def claim(case_id: uuid.UUID) -> ResponseReturnValue:
    """Claims the case and opens it; whoever comes second reads it too, and is told. That a case was withdrawn
    is told by its page."""
    if not claim_case(case_id, actor()) and read_case(case_id).case.withdrawn_at is None:
        flask.flash("Someone else is reading this case. You may read and review it as well.")
    return _see(case_id)


@pages.post("/cases/<uuid:case_id>/release")
@requires("reader")
def release(case_id: uuid.UUID) -> ResponseReturnValue:
    """Back to where one released it: to the list with its filters, else to the case."""
    release_case(case_id, actor())
    if request.args.get("to") == "worklist":
        return see_list()
    return _see(case_id)


def see_first_after_saving() -> ResponseReturnValue:
    """As `start`, once a review was saved, which is told along with what follows."""
    selection = selection_in_force()
    if selection is None:
        flask.flash(SAVED)
        return _see(None)
    case_id = claim_first(actor(), selection)
    flask.flash(f"{SAVED} {_told(NOTHING_ELSE)}" if case_id is None else SAVED_AND_NEXT)
    return _see(case_id)


def _beside(case_id: uuid.UUID, is_backwards: bool = False) -> ResponseReturnValue:
    selection = selection_in_force()
    if selection is None:
        return _see(None)
    return _go_to(neighbour(case_id, my_id(), selection, is_backwards), NOTHING_ELSE)


def _go_to(case_id: uuid.UUID | None, otherwise: str) -> ResponseReturnValue:
    if case_id is None:
        flask.flash(_told(otherwise))
    return _see(case_id)


def _told(nothing: str) -> str:
    return nothing.format(in_list=" in this list" if way_in_force() else "")


def _see(case_id: uuid.UUID | None) -> ResponseReturnValue:
    """The case that was found, else the list, which also says what is wrong with a filter."""
    if case_id is None:
        return see("worklist.show", **way_in_force())
    return see("cases.show", case_id=case_id, **way_in_force())
