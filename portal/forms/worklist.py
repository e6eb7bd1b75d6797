"""The worklist's filters; they stand in the address, so never patient data."""

from __future__ import annotations

from wtforms import Form, SelectField

from portal.forms.choices import choices, same
from portal.forms.text import line
from portal.models.cases import PRIORITIES, READING_ORDER
from portal.queries.worklist import NONE_YET, SHOWN, Selection

SHOWN_WORDS = {"unread": "unread", "mine": "being read by me", "all": "also reviewed"}
VERDICTS = [verdict or NONE_YET for verdict in READING_ORDER]


class WorklistForm(Form):
    """Read from the query string; every field may be missing."""

    show = SelectField(
        "Cases", choices=choices(*((name, SHOWN_WORDS[name]) for name in SHOWN)), default="unread"
    )
    verdict = SelectField("Verdict", choices=choices(*same(VERDICTS), any_is="any"), default="")
    priority = SelectField("Priority", choices=choices(*same(PRIORITIES), any_is="any"), default="")
    body_part = line("Body part", 40)

    def selection(self) -> Selection:
        return Selection(
            shown=self.show.data,
            verdict=self.verdict.data or None,
            priority=self.priority.data or None,
            body_part=self.body_part.data or "",
        )

    def query(self) -> dict[str, str]:
        """The filters in force, for links to this selection."""
        chosen = {field.name: str(field.data) for field in self if field.data}
        if chosen.get("show") == "unread":
            del chosen["show"]
        return chosen
