"""The filters of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Form, SelectField

from portal.forms.choices import choices, whole_or_none
from portal.forms.text import line


class EventListForm(Form):
    action = line("Action", 40)
    user = SelectField("Person", coerce=whole_or_none, default=None)

    def __init__(self, formdata: Any, usernames: Sequence[tuple[int, str]]) -> None:
        super().__init__(formdata)
        self.user.choices = choices(*usernames, any_is="anyone")

    def query(self) -> dict[str, str]:
        chosen = {"action": self.action.data, "user": self.user.data}
        return {name: str(value) for name, value in chosen.items() if value not in (None, "")}
