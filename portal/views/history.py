"""The history: filters in the URL, the search text never."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.actions.searches import remember_search
from portal.forms.case_filters import SearchForm
from portal.forms.history import HistoryForm
from portal.queries.accounts import usernames
from portal.queries.history import Selection, history
from portal.queries.searches import search_text
from portal.views.answers import my_id, page, see
from portal.web.access import requires

pages = Blueprint("history", __name__)


@pages.get("/history")
@requires("radiographer")
def show() -> ResponseReturnValue:
    return _show(SearchForm(None))


@pages.post("/history/search")
@requires("radiographer")
def search() -> ResponseReturnValue:
    """Keeps the text and goes to its id, within the selection: a reference never stands in an address."""
    form = SearchForm()
    if not form.validate():
        return _show(form, 422)
    filters, selection = filters_and_selection()
    chosen = filters.query() if selection else {}
    return see("history.show", **chosen | {"search": remember_search(my_id(), form.text.data)})


def filters_and_selection() -> tuple[HistoryForm, Selection | None]:
    """What the address selects; the selection is None when a filter cannot be understood."""
    filters = HistoryForm(request.values, usernames())
    if not filters.validate():
        return filters, None
    text = search_text(filters.search.data, my_id()) if filters.search.data else ""
    return filters, filters.selection(text)


def _show(form: SearchForm, status: int = 200) -> ResponseReturnValue:
    filters, selection = filters_and_selection()
    if selection is None:
        return page("history/history.html", 422, filters=filters, search=form, found=None, text="")
    found = history(selection, filters.sort.data, request.args.get("page"))
    return page(
        "history/history.html", status, filters=filters, search=form, found=found, text=selection.search_text
    )
