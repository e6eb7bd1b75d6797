"""Days as the department has them: from midnight to midnight of its time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement

from portal.models import Case
from portal.services import settings

AGES = {"today": 1, "3 days": 3, "week": 7, "older": -7}
"""How many days, today as the last; below zero: all before as many."""


def start_of(day: date) -> datetime:
    zone = settings().zone
    return datetime.combine(day, time.min, zone).astimezone(zone)


def end_of(day: date) -> datetime:
    return start_of(day + timedelta(days=1))


def today() -> date:
    return datetime.now(UTC).astimezone(settings().zone).date()


def is_of_age(age: str, case: type[Case] = Case) -> ColumnElement[bool]:
    """Uploaded in the last of the AGES."""
    first = start_of(today() - timedelta(days=abs(AGES[age]) - 1))
    return case.created_at >= first if AGES[age] > 0 else case.created_at < first
