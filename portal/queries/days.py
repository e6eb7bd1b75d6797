"""Days as the department has them: from midnight to midnight of the server's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta


def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min).astimezone()


def end_of(day: date) -> datetime:
    return start_of(day + timedelta(days=1))


def today() -> date:
    return datetime.now().astimezone().date()
