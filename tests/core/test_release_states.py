"""Which release is active: exactly one, whoever asks at the same moment; on both databases."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions.events import Actor
from portal.actions.release_states import activate, restore, retire
from portal.db import db
from portal.errors import BadRequest, Conflict, NotFound
from portal.models import Event, Release
from portal.queries.releases import choosable
from tests.fixtures import rows


def states() -> dict[str, str]:
    db.session.rollback()
    return {release.name: release.state for release in db.session.scalars(select(Release))}


def events() -> list[tuple[str, str]]:
    found = db.session.scalars(select(Event).where(Event.subject == "release").order_by(Event.id))
    return [(event.action, event.detail["name"]) for event in found]


def admin() -> Actor:
    return Actor(rows.new_user("admin").id)


def test_activating_puts_the_former_one_beside(each_app: Flask) -> None:
    with each_app.app_context():
        old, new = rows.new_release("old"), rows.new_release("new", "available")
        activate(new.id, old.id, admin())
        assert states() == {"old": "available", "new": "active"}
        assert events() == [("release.activated", "new")]


def test_activating_twice_changes_nothing_and_records_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        release, actor = rows.new_release("only", "available"), admin()
        activate(release.id, None, actor)
        activate(release.id, None, actor)
        assert events() == [("release.activated", "only")]


def test_two_admins_at_the_same_moment_leave_one_active_and_one_is_told(each_app: Flask) -> None:
    with each_app.app_context():
        old = rows.new_release("old").id
        wanted = [rows.new_release(f"new-{number}", "available").id for number in range(4)]
        actor = admin()
    gate = threading.Barrier(len(wanted))
    outcomes: list[str] = []

    def press(release_id: int) -> None:
        with each_app.app_context():
            gate.wait()
            try:
                activate(release_id, old, actor)
                outcomes.append("active")
            except Conflict:
                outcomes.append("told so")

    threads = [threading.Thread(target=press, args=(release_id,)) for release_id in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["active", "told so", "told so", "told so"]
    with each_app.app_context():
        assert sorted(states().values()).count("active") == 1
        assert len(events()) == 1


def test_retired_release_is_offered_for_nothing_until_it_is_restored(each_app: Flask) -> None:
    with each_app.app_context():
        active, spare = rows.new_release("active").id, rows.new_release("spare", "available").id
        retire(spare, admin())
        assert [release_id for release_id, _ in choosable()] == [active]
        with pytest.raises(BadRequest, match="retired"):
            activate(spare, active, admin())
        restore(spare, admin())
        assert {release_id for release_id, _ in choosable()} == {active, spare}
        assert events() == [("release.retired", "spare"), ("release.restored", "spare")]


def test_active_release_cannot_be_retired(each_app: Flask) -> None:
    with each_app.app_context():
        release = rows.new_release("only")
        with pytest.raises(BadRequest, match="Make another one active first"):
            retire(release.id, admin())
        restore(release.id, admin())
        assert states() == {"only": "active"}
        assert events() == []


def test_unknown_release_is_not_found(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(NotFound):
            activate(9, None, admin())
        for change in (retire, restore):
            with pytest.raises(NotFound):
                change(9, admin())
