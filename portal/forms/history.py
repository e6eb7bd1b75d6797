"""The history's filters (in the URL, so never patient data) and its search (posted)."""

from __future__ import annotations

import uuid
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, Form, HiddenField, SelectField, ValidationError
from wtforms.validators import Optional

from portal.forms.choices import choices, same, whole_or_none
from portal.forms.text import line
from portal.models import VERDICTS
from portal.models.cases import CASE_STATES
from portal.queries.history import Selection

SORTS = choices(("newest", "Newest first"), ("oldest", "Oldest first"), ("urgency", "Urgent first"))
STATES = choices(*((state, "read" if state == "done" else state) for state in CASE_STATES), any_is="any")


class HistoryForm(Form):
    """Read from the query string; every field may be missing."""

    from_day = DateField("From", [Optional()], name="from")
    to_day = DateField("To", [Optional()], name="to")
    verdict = SelectField("Verdict", choices=choices(*same(VERDICTS), any_is="any"), default="")
    state = SelectField("State", choices=STATES, default="")
    body_part = line("Body part", 40)
    uploader = SelectField("Uploaded by", coerce=whole_or_none, default=None)
    sort = SelectField("Sort", choices=SORTS, default="newest")
    batch = HiddenField()
    search = HiddenField()

    def __init__(self, formdata: Any, usernames: Any) -> None:
        super().__init__(formdata)
        self.uploader.choices = choices(*usernames, any_is="anyone")

    def validate_batch(self, field: HiddenField) -> None:
        _id_or_none(field.data)

    def validate_search(self, field: HiddenField) -> None:
        _id_or_none(field.data)

    @property
    def search_id(self) -> uuid.UUID | None:
        return _id_or_none(self.search.data)

    def selection(self, search_text: str) -> Selection:
        return Selection(
            from_day=self.from_day.data,
            to_day=self.to_day.data,
            verdict=self.verdict.data or None,
            state=self.state.data or None,
            body_part=self.body_part.data or "",
            uploader_id=self.uploader.data,
            batch_id=_id_or_none(self.batch.data),
            search_text=search_text,
        )

    def query(self) -> dict[str, str]:
        """The filters in force, for links to this selection."""
        values = {field.name: field._value() if hasattr(field, "_value") else field.data for field in self}
        chosen = {name: str(value) for name, value in values.items() if value not in (None, "")}
        if chosen.get("sort") == "newest":
            del chosen["sort"]
        return chosen


class SearchForm(FlaskForm):
    text = line("Patient reference or accession number", 64, "Enter the beginning of a patient reference "
                "or accession number.")  # fmt: skip


def _id_or_none(text: str | None) -> uuid.UUID | None:
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise ValidationError("This link is damaged. Go back to the history.") from error
