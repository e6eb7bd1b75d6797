"""Reading again with a chosen release: a batch, or what the history's filters select. For admins."""

from __future__ import annotations

import uuid

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.actions.batches import rerun_batch, rerun_selection
from portal.errors import BadRequest
from portal.forms.batches import RerunForm
from portal.queries.history import count_selected
from portal.queries.releases import choosable
from portal.services import doorbell
from portal.views.answers import page, see
from portal.views.batches import show_batch
from portal.views.history import filters_and_selection
from portal.web.access import actor, requires

pages = Blueprint("reruns", __name__)


@pages.get("/history/rerun")
@requires("admin")
def confirm() -> ResponseReturnValue:
    """What a re-run of this selection would read, before anything is started."""
    return _confirm(RerunForm(choosable()))


@pages.post("/history/rerun")
@requires("admin")
def rerun_history() -> ResponseReturnValue:
    form = RerunForm(choosable())
    _, selection = filters_and_selection()
    if selection is None or not form.validate():
        return _confirm(form, 422)
    batch = rerun_selection(
        selection.case_ids(), selection.key(), form.release_id.data, form.reason.data, actor()
    )
    return _started(batch.id)


@pages.post("/batches/<uuid:batch_id>/rerun")
@requires("admin")
def rerun(batch_id: uuid.UUID) -> ResponseReturnValue:
    form = RerunForm(choosable())
    if not form.validate():
        return show_batch(batch_id, form, 422)
    batch = rerun_batch(batch_id, form.release_id.data, form.reason.data, actor())
    return _started(batch.id)


def _started(batch_id: uuid.UUID) -> ResponseReturnValue:
    doorbell().ring("inference")
    return see("batches.show", batch_id=batch_id)


def _confirm(form: RerunForm, status: int = 200) -> ResponseReturnValue:
    filters, selection = filters_and_selection()
    if selection is None:
        raise BadRequest("One of the filters cannot be understood. Go back to the history and choose again.")
    cases, images = count_selected(selection)
    return page(
        "history/rerun.html", status, form=form, filters=filters, cases=cases, images=images,
        text=selection.search_text,
    )  # fmt: skip
