"""Accounts, sessions and the throttle."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.actions import accounts, sessions
from portal.actions.events import SYSTEM
from portal.db import db, transaction
from portal.errors import BadRequest, TooManyTries
from portal.models import Event, LoginAttempt, LoginSession, User
from portal.models.columns import utc_now
from tests.fixtures.moments import before_the_next_commit, start_and_see_it_wait

PASSWORD = "correct horse battery"


def live_sessions() -> int:
    live = select(func.count()).select_from(LoginSession).where(LoginSession.revoked_at.is_(None))
    return db.session.scalar(live) or 0


def test_right_password_opens_a_session_and_the_wrong_one_does_not(each_app: Flask) -> None:
    with each_app.app_context():
        accounts.add_user("Ada", PASSWORD, "reader", SYSTEM)
        assert len(sessions.sign_in("ada ", PASSWORD, 8, "::1")) >= 32
        with pytest.raises(BadRequest):
            sessions.sign_in("ada", "wrong", 8, "::1")
        with pytest.raises(BadRequest):
            sessions.sign_in("nobody", PASSWORD, 8, "::1")
        actions = db.session.scalars(select(Event.action).order_by(Event.id)).all()
        assert actions == ["user.added", "user.signed_in", "user.sign_in_failed", "user.sign_in_failed"]


def test_guesses_at_the_same_moment_are_counted_one_after_the_other(each_app: Flask) -> None:
    answers: list[type[Exception]] = []

    def guess() -> None:
        with each_app.app_context(), pytest.raises((BadRequest, TooManyTries)) as told:
            sessions.sign_in("ada", "wrong", 1, "::1")
        answers.append(told.type)

    with each_app.app_context():
        accounts.add_user("ada", PASSWORD, "reader", SYSTEM)
    other = threading.Thread(target=guess)
    with before_the_next_commit(lambda: start_and_see_it_wait(other)):
        guess()
    other.join()
    assert sorted(answers, key=str) == [BadRequest, TooManyTries]


def test_throttle_holds_after_the_allowed_tries_even_for_the_right_password(each_app: Flask) -> None:
    with each_app.app_context():
        accounts.add_user("ada", PASSWORD, "reader", SYSTEM)
        for _ in range(3):
            with pytest.raises(BadRequest):
                sessions.sign_in("ada", "wrong", 3, "::1")
        with pytest.raises(TooManyTries):
            sessions.sign_in("ada", PASSWORD, 3, "::1")
        with transaction() as session:
            session.execute(update(LoginAttempt).values(at=utc_now() - timedelta(minutes=16)))
        assert sessions.sign_in("ada", PASSWORD, 3, "::1")


def test_a_new_password_ends_the_wait_of_its_account_and_of_no_address(each_app: Flask) -> None:
    with each_app.app_context():
        for name in ("ada", "eva"):
            accounts.add_user(name, PASSWORD, "reader", SYSTEM)
            for _ in range(3):
                with pytest.raises(BadRequest):
                    sessions.sign_in(name, "wrong", 3, "10.0.0.1")
        accounts.set_password(1, PASSWORD + "!", SYSTEM)
        assert sessions.sign_in("ada", PASSWORD + "!", 3, "10.0.0.2")
        with pytest.raises(TooManyTries):
            sessions.sign_in("eva", PASSWORD, 3, "10.0.0.2")
        with pytest.raises(TooManyTries):
            sessions.sign_in("another", "wrong", 1, "10.0.0.1")


def test_one_address_cannot_try_many_accounts(app: Flask) -> None:
    with app.app_context():
        for number in range(5):
            with pytest.raises(BadRequest):
                sessions.sign_in(f"user-{number}", "wrong", 1, "10.0.0.1")
        with pytest.raises(TooManyTries):
            sessions.sign_in("another", "wrong", 1, "10.0.0.1")
        with pytest.raises(BadRequest):
            sessions.sign_in("another", "wrong", 1, "10.0.0.2")


@pytest.mark.parametrize("change", ["password", "disable"])
def test_new_password_and_disabling_end_open_sessions(each_app: Flask, change: str) -> None:
    with each_app.app_context():
        user = accounts.add_user("ada", PASSWORD, "reader", SYSTEM)
        sessions.sign_in("ada", PASSWORD, 8, "::1")
        assert live_sessions() == 1
        if change == "password":
            accounts.set_password(user.id, PASSWORD + "!", SYSTEM)
        else:
            accounts.set_enabled(user.id, False, SYSTEM)
        assert live_sessions() == 0
        with pytest.raises(BadRequest):
            sessions.sign_in("ada", PASSWORD, 8, "::1")


@pytest.mark.parametrize("change", ["password", "disable"])
def test_sign_in_under_way_does_not_outlive_a_new_password_or_disabling(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """The password is compared outside of a transaction, which takes long enough for an admin to act."""
    with each_app.app_context():
        user_id = accounts.add_user("ada", PASSWORD, "reader", SYSTEM).id
        compare = sessions._matches

        def meanwhile(password_hash: str, password: str) -> bool:
            is_right = compare(password_hash, password)
            if change == "password":
                accounts.set_password(user_id, PASSWORD + "!", SYSTEM)
            else:
                accounts.set_enabled(user_id, False, SYSTEM)
            return is_right

        monkeypatch.setattr(sessions, "_matches", meanwhile)
        with pytest.raises(BadRequest, match="do not match"):
            sessions.sign_in("ada", PASSWORD, 8, "::1")
        assert live_sessions() == 0


def test_throttled_tries_are_told_once_in_a_window_of_an_account_and_an_address(each_app: Flask) -> None:
    def throttled(username: str, address: str) -> None:
        with pytest.raises(TooManyTries):
            sessions.sign_in(username, PASSWORD, 1, address)

    def told() -> list[tuple[str, str]]:
        rows = db.session.execute(
            select(Event.subject, Event.subject_id).where(Event.action == "user.throttled").order_by(Event.id)
        )
        return [(subject, subject_id) for subject, subject_id in rows]

    with each_app.app_context():
        ada = str(accounts.add_user("ada", PASSWORD, "reader", SYSTEM).id)
        for name in ("ada", "nobody"):
            with pytest.raises(BadRequest):
                sessions.sign_in(name, "wrong", 1, "::1")
        for _ in range(3):
            throttled("ada", "::1")
            throttled("ada", "::2")
            throttled("nobody", "::1")
        assert told() == [("user", ada), ("address", "::1")]
        throttled("nobody", "::2")
        assert told()[2:] == [("address", "::2")]


def test_last_admin_stays(each_app: Flask) -> None:
    with each_app.app_context():
        admin = accounts.add_user("root", PASSWORD, "admin", SYSTEM)
        with pytest.raises(BadRequest, match="last admin"):
            accounts.set_role(admin.id, "reader", SYSTEM)
        with pytest.raises(BadRequest, match="last admin"):
            accounts.set_enabled(admin.id, False, SYSTEM)
        accounts.add_user("second", PASSWORD, "admin", SYSTEM)
        accounts.set_enabled(admin.id, False, SYSTEM)
        assert not db.session.get_one(User, admin.id).is_enabled


@pytest.mark.parametrize(
    ("name", "password", "role"),
    [
        ("", PASSWORD, "reader"),
        ("ada", "short", "reader"),
        ("ada", PASSWORD, "king"),
        ("a" * 65, PASSWORD, "reader"),
    ],
)
def test_unusable_accounts_are_refused(app: Flask, name: str, password: str, role: str) -> None:
    with app.app_context():
        with pytest.raises(BadRequest):
            accounts.add_user(name, password, role, SYSTEM)
        assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_stored_session_is_worth_nothing_without_the_cookie(app: Flask) -> None:
    with app.app_context():
        accounts.add_user("ada", PASSWORD, "reader", SYSTEM)
        token = sessions.sign_in("ada", PASSWORD, 8, "::1")
        stored = db.session.scalars(select(LoginSession.token_sha256)).one()
        assert token not in stored
        assert stored == sessions.token_hash(token)
