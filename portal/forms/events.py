"""The filters of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Form, SelectField

from portal.forms.case_filters import IdField
from portal.forms.choices import choices, whole_or_none
from portal.forms.days import DayField
from portal.forms.text import line
from portal.queries.events import Selection


class EventListForm(Form):
    """Read from the query string; every field may be missing."""

    from_day = DayField("From", name="from")
    to_day = DayField("To", name="to")
    action = line("Action", 40)
    user = SelectField("Person", coerce=whole_or_none, default=None)
    about = SelectField("Whose account", coerce=whole_or_none, default=None)
    case = IdField()

    def __init__(self, formdata: Any, usernames: Sequence[tuple[int, str]]) -> None:
        super().__init__(formdata)
        self.user.choices = self.about.choices = choices(*usernames, any_is="anyone")

    def selection(self) -> Selection:
        return Selection(
            action=self.action.data,
            user_id=self.user.data,
            about_id=self.about.data,
            case_id=self.case.data,
            from_day=self.from_day.data,
            to_day=self.to_day.data,
        )

    def query(self) -> dict[str, str]:
        """The filters in force, for links to this selection."""
        return {field.name: str(field.data) for field in self if field.data not in (None, "")}
