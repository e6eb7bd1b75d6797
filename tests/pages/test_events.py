"""The audit trail as a page."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import text

from portal.actions.events import Actor, note
from portal.db import db, transaction
from portal.models import Event
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import text_of


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


def test_the_case_page_leads_admins_to_who_saw_it(each_app: Flask, tom: Person, eva: Person) -> None:
    with each_app.app_context():
        case = rows.read_case()
        case_id, image_id = case.id, rows.images_of(case)[0].id
        other_id = rows.read_case().id
    eva.get(f"/cases/{other_id}")
    eva.get(f"/cases/{case_id}")
    with each_app.app_context():
        note(Actor(eva.user_id), "image.downloaded", "image", image_id)
    assert "Who saw" not in eva.get(f"/cases/{case_id}").text
    [link] = re.findall(r'href="(/events[^"]*)">Who saw this case', tom.get(f"/cases/{case_id}").text)
    assert codes(tom, link) == [
        "case.viewed",
        "case.viewed",
        "image.downloaded",
        "case.viewed",
        "case.uploaded",
    ]
    assert codes(tom, f"{link}&user={eva.user_id}&action=case.") == ["case.viewed", "case.viewed"]
    assert "one case" in text_of(tom, link)


def test_who_was_changed_is_told_by_name_and_found(each_app: Flask, tom: Person, eva: Person) -> None:
    tom.post(f"/users/{eva.user_id}/role", {"role": "admin"})
    tom.post(f"/users/{tom.user_id}/sign-out")
    with each_app.app_context():
        trail = db.session.query(Event).all()
    assert [event.subject_id for event in trail] == [str(eva.user_id), str(tom.user_id)]
    as_admin = eva
    assert re.findall(r'data-label="What"[^>]*>([^<]+)<', as_admin.get("/events").text) == ["tom", "eva"]
    assert codes(as_admin, f"/events?about={eva.user_id}") == ["user.role_set"]


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ("from=2026-03-10&to=2026-03-10", ["case.last", "case.noon"]),
        ("from=2026-03-11", ["case.next"]),
        ("to=2026-03-09", []),
    ],
)
def test_events_are_found_by_day(each_app: Flask, tom: Person, days: str, found: list[str]) -> None:
    moments = {"noon": (10, 12, 0, 0), "last": (10, 23, 59, 59), "next": (11, 0, 0, 0)}
    with each_app.app_context(), transaction() as session:
        for name, moment in moments.items():
            at = datetime(2026, 3, *moment).astimezone()
            session.add(Event(at=at, user_id=None, action=f"case.{name}", subject="case", subject_id="1"))
    assert codes(tom, f"/events?{days}&action=case.") == found


def test_damaged_filters_are_told(as_admin: Person) -> None:
    for query in ("case=1", "from=yesterday", "about=nobody"):
        assert as_admin.get(f"/events?{query}").status_code == 422


def test_a_day_is_looked_for_in_an_index(app: Flask) -> None:
    query = "SELECT id FROM event WHERE at >= '2026-03-10' AND at < '2026-03-11' ORDER BY at DESC, id DESC"
    with app.app_context():
        plan = str(db.session.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())
    assert "ix_event_at" in plan
    assert "TEMP B-TREE" not in plan
