"""The worklist: what is to be read. Filters stand in the address, the search text never."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.searches import remember_search
from portal.errors import NotFound
from portal.forms.case_filters import SearchForm
from portal.forms.preferences import COLUMN_WORDS, ColumnsForm, SavedFilterForm
from portal.forms.worklist import WorklistForm
from portal.queries.accounts import reader_names
from portal.queries.preferences import saved_filters, worklist_columns
from portal.queries.searches import search_text
from portal.queries.worklist import Selection, worklist
from portal.views.answers import my_id, page, see
from portal.web.access import requires

pages = Blueprint("worklist", __name__)


@pages.get("/worklist")
@requires("reader")
def show() -> ResponseReturnValue:
    return show_list()


@pages.get("/worklist/live")
@requires("reader")
def live() -> ResponseReturnValue:
    """The list alone, for the page to stay up to date."""
    filters = filters_in_force()
    status = 200 if filters.validate() else 422
    return page("worklist/_live.html", status, filters=filters, **_list(filters))


@pages.post("/worklist/search")
@requires("reader")
def search() -> ResponseReturnValue:
    """Keeps the text and goes to its id, within the selection: a reference never stands in an address."""
    form, filters = SearchForm(), filters_in_force()
    if not form.validate():
        return show_list(422, search=form)
    chosen = filters.query() if filters.validate() else {}
    return see("worklist.show", **chosen | {"search": remember_search(my_id(), form.text.data)})


def show_list(
    status: int = 200, search: SearchForm | None = None, naming: SavedFilterForm | None = None
) -> ResponseReturnValue:
    filters = filters_in_force()
    if not filters.validate():
        status = 422
    found = _list(filters)
    columns = ColumnsForm(None, data={"columns": found["columns"]})
    return page(
        "worklist/worklist.html", status, filters=filters, saved=saved_filters(my_id()), columns_form=columns,
        search=search or SearchForm(None), naming=naming or SavedFilterForm(None), **found,
    )  # fmt: skip


def see_list() -> ResponseReturnValue:
    """Back to the page of the list that the address tells."""
    return see("worklist.show", **address_in_force())


def address_in_force() -> dict[str, Any]:
    """What leads back to the page of the list that the address tells."""
    return _address(filters_in_force())


def way_in_force() -> dict[str, str]:
    """The filters of the list along which one reads, as the address has them: to be handed on unread."""
    return WorklistForm(request.args, ()).query()


def selection_in_force() -> Selection | None:
    """What the address selects; None when a filter cannot be understood or its search is no longer kept."""
    filters = filters_in_force()
    if not filters.validate():
        return None
    try:
        text = search_text(filters.search.data, my_id()) if filters.search.data else ""
    except NotFound:
        return None
    return filters.selection(text)


def filters_in_force() -> WorklistForm:
    return WorklistForm(request.args, reader_names(request.args.get("reader", type=int)))


def _list(filters: WorklistForm) -> dict[str, Any]:
    """What the part that refreshes shows; no work when a filter cannot be understood."""
    shown = {"columns": worklist_columns(my_id()), "words": COLUMN_WORDS}
    if not filters.validate():
        return {"work": None, "address": {}, "text": "", **shown}
    text = search_text(filters.search.data, my_id()) if filters.search.data else ""
    work = worklist(filters.selection(text), my_id(), request.args.get("page"))
    return {"work": work, "address": _address(filters), "text": text, **shown}


def _address(filters: WorklistForm) -> dict[str, Any]:
    """What leads back to this page of this selection."""
    if not filters.validate():
        return {}
    return filters.query() | {"page": request.args.get("page")}
