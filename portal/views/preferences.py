"""What a person sets for the worklist: its columns, and selections kept under a name."""

from __future__ import annotations

import flask
from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.actions.preferences import (
    delete_filter,
    forget_worklist_columns,
    save_filter,
    set_worklist_columns,
)
from portal.forms.preferences import ColumnsForm, SavedFilterForm
from portal.views.answers import my_id
from portal.views.worklist import filters_in_force, see_list, show_list
from portal.web.access import requires

pages = Blueprint("preferences", __name__)


@pages.post("/worklist/columns")
@requires("reader")
def set_columns() -> ResponseReturnValue:
    form = ColumnsForm()
    if not form.validate():
        return show_list(422)
    set_worklist_columns(my_id(), form.columns.data)
    return see_list()


@pages.post("/worklist/columns/usual")
@requires("reader")
def usual_columns() -> ResponseReturnValue:
    forget_worklist_columns(my_id())
    return see_list()


@pages.post("/worklist/filters")
@requires("reader")
def keep_filter() -> ResponseReturnValue:
    """The selection of the address, under the name of the form; its search is not kept."""
    form, filters = SavedFilterForm(), filters_in_force()
    if not form.validate() or not filters.validate():
        return show_list(422, naming=form)
    save_filter(my_id(), form.name.data, filters.kept())
    flask.flash(f"“{form.name.data}” is saved.")
    return see_list()


@pages.post("/worklist/filters/<row:filter_id>/delete")
@requires("reader")
def remove_filter(filter_id: int) -> ResponseReturnValue:
    flask.flash(f"“{delete_filter(my_id(), filter_id)}” is deleted.")
    return see_list()
