"""Days and times are those of the department's zone: in filters, on pages, and said so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.errors import BadSetting
from portal.queries.days import end_of, start_of
from portal.settings import Settings
from portal.time_zone import server_zone_name
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person, new_person, signed_in
from tests.fixtures.portal import running_app
from tests.pages.test_history import names, set_time


@pytest.fixture
def far_app(each_settings: Settings) -> Iterator[Flask]:
    yield from running_app(replace(each_settings, time_zone="Pacific/Auckland"), RecordingDoorbell())


@pytest.fixture
def far(far_app: Flask) -> Person:
    return signed_in(far_app, new_person(far_app, "admin"))


def test_a_day_is_the_zones_day_also_when_clocks_change(far_app: Flask) -> None:
    with far_app.app_context():
        day = datetime(2026, 4, 5).date()
        assert start_of(day).astimezone(UTC) == datetime(2026, 4, 4, 11, tzinfo=UTC)
        assert end_of(day).astimezone(UTC) == datetime(2026, 4, 5, 12, tzinfo=UTC)


def test_filters_and_shown_times_mean_the_same_days(far_app: Flask, far: Person) -> None:
    with far_app.app_context():
        set_time(rows.new_case(patient_ref="P-1").id, datetime(2026, 3, 10, 22, 30, tzinfo=UTC))
    assert names(far, "/history?from=2026-03-11&to=2026-03-11") == ["P-1"]
    assert names(far, "/history?to=2026-03-10") == []
    page = far.get("/history").text
    assert ">2026-03-11 11:30 NZDT</time>" in page


def test_the_zone_is_said_beside_the_filters_and_told_to_scripts(far: Person) -> None:
    for path in ("/history", "/events"):
        page = far.get(path).text
        assert "Days as in Pacific/Auckland" in page
        assert '<html lang="en" data-time-zone="Pacific/Auckland">' in page


def test_without_a_setting_it_is_the_servers(app: Flask, as_reader: Person) -> None:
    assert f"Days as in {server_zone_name()}" in as_reader.get("/history").text


@pytest.mark.parametrize("name", ["Berlin/Europe", "../etc/passwd", "Europe", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_named(sqlite_settings: Settings, name: str) -> None:
    with pytest.raises(BadSetting, match="GREENSTICK_TIME_ZONE"):
        replace(sqlite_settings, time_zone=name)
