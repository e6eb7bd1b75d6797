"""Batches: the list, one with its progress, and cancelling."""

from __future__ import annotations

import uuid
from typing import Any

import flask
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.batches import cancel_batch
from portal.forms.batches import BatchListForm, RerunForm
from portal.queries.batches import batch_page, changes_by, newest_cases_of, read_batch
from portal.queries.releases import choosable
from portal.views.answers import page, see
from portal.web.access import actor, requires
from portal.web.filters import plural

pages = Blueprint("batches", __name__)

HAD_ENDED = "The batch had ended: nothing was cancelled."


@pages.get("/batches")
@requires("radiographer")
def show_all() -> ResponseReturnValue:
    filters = BatchListForm(request.args)
    kind = filters.kind.data if filters.validate() else ""
    return page("batches/batches.html", kind=kind, rows=batch_page(kind, request.args.get("page")))


@pages.get("/batches/<uuid:batch_id>")
@requires("radiographer")
def show(batch_id: uuid.UUID) -> ResponseReturnValue:
    return show_batch(batch_id, RerunForm(choosable()))


@pages.get("/batches/<uuid:batch_id>/live")
@requires("radiographer")
def live(batch_id: uuid.UUID) -> ResponseReturnValue:
    """The part of the page that changes while the batch runs."""
    return page("batches/_live.html", **_facts(batch_id))


@pages.post("/batches/<uuid:batch_id>/cancel")
@requires("admin")
def cancel(batch_id: uuid.UUID) -> ResponseReturnValue:
    cancelled = cancel_batch(batch_id, actor())
    told = f"The batch was cancelled: {plural(cancelled, 'reading')} will not be done."
    flask.flash(told if cancelled else HAD_ENDED)
    return see("batches.show", batch_id=batch_id)


def show_batch(batch_id: uuid.UUID, form: RerunForm, status: int = 200) -> ResponseReturnValue:
    return page("batches/batch.html", status, form=form, **_facts(batch_id))


def _facts(batch_id: uuid.UUID) -> dict[str, Any]:
    return {
        "row": read_batch(batch_id), "cases": newest_cases_of(batch_id), "changes": changes_by(batch_id)
    }  # fmt: skip
