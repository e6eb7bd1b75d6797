"""What the worklist and the history are both narrowed by, and the search that both have."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, ValidationError

from portal.forms.choices import choices, same
from portal.forms.text import line
from portal.models.cases import CASE_STATES, PRIORITIES
from portal.queries.body_parts import PARTS


def verdict_field(verdicts: Iterable[str]) -> Any:
    """`out of scope` is of any image; the others are the case's, the most severe of its images."""
    return SelectField("Verdict", choices=choices(*same(verdicts), any_is="any"), default="")


def priority_field() -> Any:
    return SelectField("Priority", choices=choices(*same(PRIORITIES), any_is="any"), default="")


def part_field() -> Any:
    return SelectField("Body part", choices=choices(*same(PARTS), any_is="any"), default="")


def state_field(*others: str) -> Any:
    """`others`: what is no state, and is looked for beside them."""
    words = ((state, "read" if state == "done" else state) for state in (*CASE_STATES, *others))
    return SelectField("State", choices=choices(*words, any_is="any"), default="")


class IdField(HiddenField):
    """The id of a row that the address names; `data` is None when it names none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data, self.is_damaged = None, False
        if valuelist and valuelist[0]:
            try:
                self.data = uuid.UUID(valuelist[0])
            except ValueError:
                self.is_damaged = True

    def pre_validate(self, form: object) -> None:
        if getattr(self, "is_damaged", False):
            raise ValidationError("This link is damaged. Go back to the start of the list.")


class SearchForm(FlaskForm):
    """Posted, so that what is searched for never stands in an address."""

    text = line("Patient reference or accession number", 64, "Enter the beginning of a patient reference "
                "or accession number.")  # fmt: skip
