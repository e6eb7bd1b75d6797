"""Which models there are and what their cards say; admins publish them and choose the active one."""

from __future__ import annotations

from collections.abc import Callable

import flask
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions import release_states
from portal.actions.release_sets import SET, Home, publish_set
from portal.errors import BadRequest, Conflict
from portal.forms.releases import PublishForm
from portal.queries.releases import release_row, releases
from portal.queries.work import active_release
from portal.services import doorbell, settings
from portal.views.answers import page, see, see_new
from portal.web.access import actor, requires
from portal.web.uploads import is_chosen, sent_file, takes_files_of

pages = Blueprint("releases", __name__)

PUBLISHED = {
    "available": "“{name}” is published. Make it active, or re-run earlier cases with it.",
    "active": "“{name}” is published, and was active already: it reads new uploads.",
    "retired": "“{name}” was published before, and is retired. Make it available again before you use it.",
}
"""By the state of the release: the set of one that is known already may only have mended its files."""

MAX_FILE_MIB = 64
"""A release may be larger than the largest X-ray that an installation takes."""


@pages.get("/releases")
@requires("radiographer")
def show_all() -> ResponseReturnValue:
    return page("releases/releases.html", rows=releases())


@pages.get("/releases/<row:release_id>")
@requires("radiographer")
def show(release_id: int) -> ResponseReturnValue:
    return _show(release_id)


@pages.get("/releases/new")
@requires("admin")
def new() -> ResponseReturnValue:
    return _form(PublishForm(None))


@pages.post("/releases")
@requires("admin")
@takes_files_of(MAX_FILE_MIB)
def publish() -> ResponseReturnValue:
    form = PublishForm()
    files = [sent_file(upload) for upload in request.files.getlist("files") if is_chosen(upload)]
    try:
        release = publish_set(files, Home(settings().releases_dir, settings().tmp_dir), actor())
    except BadRequest as error:
        form.add_file_error(error.message)
        return _form(form, 422)
    flask.flash(PUBLISHED[release.state].format(name=release.name))
    return see_new("releases.show", release_id=release.id)


@pages.post("/releases/<row:release_id>/active")
@requires("admin")
def activate(release_id: int) -> ResponseReturnValue:
    instead_of = request.form.get("instead_of", type=int)
    answer = _changed(
        release_id,
        lambda: release_states.activate(release_id, instead_of, actor()),
        "This release is active: it reads new uploads from now on.",
    )
    doorbell().ring("intake")  # without an active release, images wait
    return answer


@pages.post("/releases/<row:release_id>/retired")
@requires("admin")
def retire(release_id: int) -> ResponseReturnValue:
    return _changed(
        release_id,
        lambda: release_states.retire(release_id, actor()),
        "This release is retired. What it has read stays.",
    )


@pages.post("/releases/<row:release_id>/available")
@requires("admin")
def restore(release_id: int) -> ResponseReturnValue:
    return _changed(
        release_id, lambda: release_states.restore(release_id, actor()), "This release is available again."
    )


def _changed(release_id: int, change: Callable[[], None], words: str) -> ResponseReturnValue:
    """The release's page again: after the change, or with the reason why there was none."""
    try:
        change()
    except (BadRequest, Conflict) as error:
        return _show(release_id, error.status, error.message)
    flask.flash(words)
    return see("releases.show", release_id=release_id)


def _show(release_id: int, status: int = 200, problem: str = "") -> ResponseReturnValue:
    return page(
        "releases/release.html", status, row=release_row(release_id), active=active_release(), problem=problem
    )


def _form(form: PublishForm, status: int = 200) -> ResponseReturnValue:
    return page("releases/new.html", status, form=form, names=SET, max_file_mib=_max_file_mib())


def _max_file_mib() -> int:
    return max(MAX_FILE_MIB, settings().max_file_mib)
