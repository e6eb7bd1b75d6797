"""A day of a filter; none is any day."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import DateField, ValidationError
from wtforms.validators import Optional

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
"""Calendars end, and time zones fail, some hours before the first and the last day that can be written."""


class DayField(DateField):
    def __init__(self, label: str, **rest: Any) -> None:
        super().__init__(label, [Optional(), _within_reason], **rest)


def _within_reason(_form: object, field: DateField) -> None:
    if field.data is not None and not FIRST <= field.data <= LAST:
        raise ValidationError(f"Enter a day of the years {FIRST.year} to {LAST.year}.")
