"""What is done with the cases that are ticked in the worklist."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import partial

import flask
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.batches import rerun_cases
from portal.actions.chosen_cases import Outcome, claim_chosen, prioritise_chosen, release_chosen
from portal.actions.events import Actor
from portal.errors import BadRequest
from portal.forms.batches import RerunForm
from portal.forms.chosen_cases import chosen_ids
from portal.queries.history import count_images_of
from portal.queries.releases import choosable
from portal.services import doorbell
from portal.views.answers import page, see
from portal.views.worklist import address_in_force, see_list
from portal.web.access import actor, requires
from portal.web.filters import plural

pages = Blueprint("chosen_cases", __name__)

CHANGES: dict[str, tuple[str, Callable[[Sequence[uuid.UUID], Actor], Outcome]]] = {
    "claim": ("claimed", claim_chosen),
    "release": ("released", release_chosen),
    "urgent": ("marked urgent", partial(prioritise_chosen, priority="urgent")),
    "routine": ("marked routine", partial(prioritise_chosen, priority="routine")),
}
NONE_CHOSEN = "No case is ticked. Tick the cases first."


@pages.post("/worklist/chosen")
@requires("reader")
def change() -> ResponseReturnValue:
    done = CHANGES.get(request.form.get("do", ""))
    if done is None:
        raise BadRequest("This button is not known. Go back to the worklist and choose again.")
    word, act = done
    ids = chosen_ids(request.form)
    flask.flash(_told(word, act(ids, actor())) if ids else NONE_CHOSEN)
    return see_list()


@pages.post("/worklist/rerun")
@requires("admin")
def confirm_rerun() -> ResponseReturnValue:
    """What reading these again would read, before anything is started."""
    if not chosen_ids(request.form):
        flask.flash(NONE_CHOSEN)
        return see_list()
    return _confirm(RerunForm(choosable(), is_sent=False))


@pages.post("/worklist/rerun/start")
@requires("admin")
def rerun() -> ResponseReturnValue:
    form = RerunForm(choosable())
    if not form.validate():
        return _confirm(form, 422)
    batch = rerun_cases(chosen_ids(request.form), form.release_id.data, form.reason.data, actor())
    doorbell().ring("inference")
    return see("batches.show", batch_id=batch.id)


def _confirm(form: RerunForm, status: int = 200) -> ResponseReturnValue:
    ids = chosen_ids(request.form)
    return page(
        "worklist/rerun.html", status, form=form, ids=ids, images=count_images_of(ids),
        address=address_in_force(),
    )  # fmt: skip


def _told(word: str, outcome: Outcome) -> str:
    left = (f"{plural(count, 'case')} left as before: {reason}." for reason, count in outcome.left.items())
    return " ".join((f"{plural(outcome.changed, 'case')} {word}.", *left))
