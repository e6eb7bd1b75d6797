"""The audit trail as a page."""

from __future__ import annotations

import re

from flask import Flask

from portal.actions.events import Actor, note
from tests.fixtures.people import Person


def codes(person: Person, path: str) -> list[str]:
    return re.findall(r'data-label="Action"><code>([^<]+)</code>', person.get(path).text)


def test_events_stand_newest_first_and_page(app: Flask, as_admin: Person) -> None:
    with app.app_context():
        for number in range(60):
            note(Actor(as_admin.user_id), f"case.test_{number}", "case", number)
    first = codes(as_admin, "/events")
    assert first[:2] == ["case.test_59", "case.test_58"]
    following = re.findall(r'rel="next" href="([^"]+)"', as_admin.get("/events").text)[0]
    assert codes(as_admin, following.replace("&amp;", "&"))[-1] == "case.test_0"


def test_events_are_found_by_action_and_person(app: Flask, as_admin: Person, as_reader: Person) -> None:
    with app.app_context():
        note(Actor(as_admin.user_id), "case.viewed", "case", 1)
        note(Actor(as_reader.user_id), "case.viewed", "case", 2)
        note(Actor(as_reader.user_id), "batch.rerun", "batch", 3, jobs=4)
    assert codes(as_admin, "/events?action=case.") == ["case.viewed", "case.viewed"]
    assert codes(as_admin, f"/events?user={as_reader.user_id}") == ["batch.rerun", "case.viewed"]
    assert codes(as_admin, "/events?action=_ase") == []
    assert "jobs: 4" in as_admin.get("/events").text


def test_a_person_that_does_not_exist_is_told(as_admin: Person) -> None:
    assert as_admin.get("/events?user=nobody").status_code == 422
