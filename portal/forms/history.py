"""The history's filters; they stand in the address, so never patient data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Form, SelectField

from portal.forms.case_filters import IdField, part_field, priority_field, state_field, verdict_field
from portal.forms.choices import choices, same, whole_or_none
from portal.forms.days import DayField
from portal.models import VERDICTS
from portal.queries.disagreement import KNOWN, NEW
from portal.queries.facets import NONE_YET
from portal.queries.history import Selection

SORTS = choices(("newest", "Newest first"), ("oldest", "Oldest first"), ("urgency", "Urgent first"))
WITHDRAWN = "withdrawn"
REVIEWS = {"open": False, "reviewed": True}
DIFFERS = {"differs": (NEW, KNOWN), "differs since": (NEW,)}
DIFFERS_WORDS = {
    "differs": "differs from the readers' answer", "differs since": "differs since it was read again",
}  # fmt: skip


class HistoryForm(Form):
    """Read from the query string; every field may be missing."""

    from_day = DayField("From", name="from")
    to_day = DayField("To", name="to")
    verdict = verdict_field((*VERDICTS, NONE_YET))
    state = state_field(WITHDRAWN)
    priority = priority_field()
    part = part_field()
    review = SelectField("Review", choices=choices(*same(REVIEWS), any_is="any"), default="")
    reading = SelectField("The reading", choices=choices(*DIFFERS_WORDS.items(), any_is="any"), default="")
    uploader = SelectField("Uploaded by", coerce=whole_or_none, default=None)
    sort = SelectField("Sort", choices=SORTS, default="newest")
    batch = IdField()
    changed = IdField()
    search = IdField()

    def __init__(self, formdata: Any, usernames: Sequence[tuple[int, str]]) -> None:
        super().__init__(formdata)
        self.uploader.choices = choices(*usernames, any_is="anyone")

    def selection(self, search_text: str) -> Selection:
        return Selection(
            from_day=self.from_day.data,
            to_day=self.to_day.data,
            verdict=self.verdict.data or None,
            priority=self.priority.data or None,
            state=None if self.state.data == WITHDRAWN else self.state.data or None,
            is_withdrawn=self.state.data == WITHDRAWN,
            part=self.part.data or None,
            is_reviewed=REVIEWS.get(self.review.data),
            differs=DIFFERS.get(self.reading.data, ()),
            changed_by_id=self.changed.data,
            uploader_id=self.uploader.data,
            batch_id=self.batch.data,
            search_text=search_text,
        )

    def query(self) -> dict[str, str]:
        """The filters in force, for links to this selection."""
        values = {field.name: field._value() if hasattr(field, "_value") else field.data for field in self}
        chosen = {name: str(value) for name, value in values.items() if value not in (None, "")}
        if chosen.get("sort") == "newest":
            del chosen["sort"]
        return chosen

    def in_words(self) -> list[tuple[str, str]]:
        """(label, words) of those in force that restrict a list in itself: not the search, no batch."""
        told = []
        for field in self:
            if isinstance(field, DayField) and field.data:
                told.append((field.label.text, field.data.isoformat()))
            elif isinstance(field, SelectField) and field.data and field is not self.sort:
                words = {choice.value: choice.label for choice in field.choices}
                told.append((field.label.text, words[str(field.data)]))
        return told

    def narrows(self) -> bool:
        """Whether some cases are left out, by whatever but the search."""
        return bool(self.kept().keys() - {"sort"})

    def kept(self) -> dict[str, str]:
        """The filters in force that another search leaves as they are."""
        return {name: value for name, value in self.query().items() if name != "search"}
