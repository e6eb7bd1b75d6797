"""The worklist's filters; they stand in the address, so never patient data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Form, SelectField

from portal.forms.case_filters import IdField, part_field, priority_field, state_field, verdict_field
from portal.forms.choices import choices, same
from portal.models.cases import READING_ORDER
from portal.queries.facets import NONE_YET
from portal.queries.worklist import NOBODY, SOMEBODY, Selection

SHOWN_WORDS = {"unread": "unread", "mine": "being read by me", "all": "also reviewed"}
AGE_WORDS = {"today": "today", "3 days": "last 3 days", "week": "last 7 days", "older": "older than 7 days"}
SORTS = (("reading", "Most pressing first"), ("oldest", "Oldest first"), ("newest", "Newest first"))
VERDICTS = [verdict or NONE_YET for verdict in READING_ORDER]
DEFAULTS = {"show": "unread", "sort": "reading"}


class WorklistForm(Form):
    """Read from the query string; every field may be missing."""

    show = SelectField("Cases", choices=choices(*SHOWN_WORDS.items()), default="unread")
    verdict = verdict_field(VERDICTS)
    priority = priority_field()
    part = part_field()
    age = SelectField("Uploaded", choices=choices(*AGE_WORDS.items(), any_is="any time"), default="")
    state = state_field()
    reader = SelectField("Being read by", default="")
    sort = SelectField("Sort", choices=choices(*SORTS), default="reading")
    search = IdField()

    def __init__(self, formdata: Any, readers: Sequence[tuple[int, str]]) -> None:
        super().__init__(formdata)
        self.reader.choices = choices(*same((NOBODY, SOMEBODY)), *readers, any_is="any")

    def selection(self, search_text: str) -> Selection:
        return Selection(
            shown=self.show.data,
            verdict=self.verdict.data or None,
            priority=self.priority.data or None,
            part=self.part.data or None,
            state=self.state.data or None,
            age=self.age.data or None,
            reader=self.reader.data or None,
            sort=self.sort.data,
            search_text=search_text,
        )

    def query(self) -> dict[str, str]:
        """The filters in force, for links to this selection."""
        chosen = {field.name: str(field.data) for field in self if field.data}
        return {name: value for name, value in chosen.items() if DEFAULTS.get(name) != value}

    def kept(self) -> dict[str, str]:
        """The filters in force that may be kept under a name: all but the search."""
        return {name: value for name, value in self.query().items() if name != "search"}
