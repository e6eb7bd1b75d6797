"""Signing in, staying in, and getting out."""

from __future__ import annotations

import html
import re
import time
from datetime import datetime, timedelta

import pytest
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy import select, update

from portal.actions.accounts import add_user
from portal.actions.events import SYSTEM
from portal.db import db, transaction
from portal.models import Event, LoginSession
from portal.models.columns import utc_now
from tests.fixtures.people import PASSWORD, Person, new_person, signed_in


@pytest.fixture
def anna(app: Flask) -> int:
    with app.app_context():
        return add_user("Anna", PASSWORD, "radiographer", SYSTEM).id


def sign_in(visitor: Person, **changes: str) -> tuple[int, str]:
    answer = visitor.post("/login", {"username": "anna", "password": PASSWORD} | changes)
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def test_the_right_pair_leads_to_the_dashboard(visitor: Person, anna: int) -> None:
    assert sign_in(visitor) == (303, "/")
    assert visitor.get("/").status_code == 200


def test_a_wrong_password_and_an_unknown_name_are_told_alike(visitor: Person, anna: int) -> None:
    wrong = sign_in(visitor, password="not the password")
    unknown = sign_in(visitor, username="berta")
    assert wrong[0] == unknown[0] == 422
    assert "do not match an account" in wrong[1]
    assert "do not match an account" in unknown[1]
    assert "not the password" not in wrong[1]


def test_signing_in_goes_on_to_the_page_that_was_asked_for(visitor: Person, anna: int) -> None:
    sent_away = visitor.get("/history")
    assert sent_away.headers["Location"] == "/login?next=/history"
    assert 'value="/history"' in visitor.get("/login?next=/history").text
    assert sign_in(visitor, next="/history") == (303, "/history")


@pytest.mark.parametrize(
    "address", ["/history?verdict=out+of+scope&sort=oldest", "/cases/new?like=%20%C3%A4&image=3", "/worklist"]
)
def test_signing_in_again_leads_to_the_same_place_filters_and_all(
    visitor: Person, anna: int, address: str
) -> None:
    form = visitor.get(visitor.get(address).headers["Location"]).text
    [target] = re.findall(r'name="next"[^>]*value="([^"]*)"', form)
    assert sign_in(visitor, next=html.unescape(target)) == (303, address)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
        "x",
    ],
)
def test_signing_in_never_leads_to_another_site(visitor: Person, anna: int, target: str) -> None:
    assert sign_in(visitor, next=target) == (303, "/")


@pytest.mark.parametrize(
    ("target", "kept"), [("/history?sort=oldest", "?next=/history?sort%3Doldest"), ("//evil.example", "")]
)
def test_a_sign_in_page_that_was_open_overnight_is_shown_anew(
    visitor: Person, anna: int, monkeypatch: pytest.MonkeyPatch, target: str, kept: str
) -> None:
    with monkeypatch.context() as yesterday:
        yesterday.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 601 * 60)
        token = visitor.csrf_token()
    typed = {"username": "anna", "password": PASSWORD, "next": target, "csrf_token": token}
    answer = visitor.client.post("/login", data=typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login{kept}")
    page = visitor.get(answer.headers["Location"]).text
    assert "This page was open for too long. Please sign in again." in page
    assert visitor.get("/history").status_code == 302, "nobody was signed in"
    assert sign_in(visitor) == (303, "/")


def test_a_browser_that_keeps_no_cookies_is_told_so(visitor: Person, anna: int) -> None:
    token = visitor.csrf_token()
    visitor.client.delete_cookie("greenstick")
    typed = {"username": "anna", "password": PASSWORD, "csrf_token": token}
    answer = visitor.client.post("/login", data=typed)
    assert answer.status_code == 400
    assert "Signing in needs a cookie" in answer.text


def test_too_many_wrong_tries_are_told_to_wait(visitor: Person, anna: int) -> None:
    for _ in range(8):
        sign_in(visitor, password="wrong wrong wrong")
    answer = visitor.post("/login", {"username": "anna", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Try again in 15 minutes" in answer.text


def test_signing_out_ends_the_session_itself(app: Flask, as_reader: Person) -> None:
    with as_reader.client.session_transaction() as cookie:
        copied = dict(cookie)
    assert as_reader.post("/logout").headers["Location"] == "/login"
    with as_reader.client.session_transaction() as cookie:
        cookie.update(copied)
    assert as_reader.get("/").status_code == 302


@pytest.mark.parametrize(("column", "minutes"), [("seen_at", 31), ("created_at", 601)])
def test_an_old_session_asks_to_sign_in_again(
    app: Flask, as_reader: Person, column: str, minutes: int
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(LoginSession).values({column: utc_now() - timedelta(minutes=minutes)}))
    assert as_reader.get("/").status_code == 302
    assert as_reader.get("/dashboard/live").status_code == 401


def test_a_page_learns_that_nobody_is_signed_in_any_more(as_reader: Person) -> None:
    assert as_reader.get("/signed-in/live").status_code == 204
    as_reader.post("/logout")
    assert as_reader.get("/signed-in/live").status_code == 401


def test_a_page_that_refreshes_itself_does_not_keep_the_session_alive(app: Flask, as_reader: Person) -> None:
    def seen_at() -> datetime:
        with app.app_context():
            return db.session.scalars(select(LoginSession.seen_at)).one()

    with app.app_context(), transaction() as session:
        session.execute(update(LoginSession).values(seen_at=utc_now() - timedelta(minutes=20)))
    before = seen_at()
    as_reader.get("/dashboard/live")
    assert seen_at() == before
    as_reader.get("/")
    assert seen_at() > before


def test_changing_ones_password_needs_the_present_one_and_ends_every_session(app: Flask, anna: int) -> None:
    here, elsewhere = signed_in(app, anna), signed_in(app, anna)
    chosen = "a wholly new password"
    wrong = here.post("/account", {"present": "guess guess", "chosen": chosen, "repeated": chosen})
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    unequal = here.post("/account", {"present": PASSWORD, "chosen": chosen, "repeated": "something else"})
    assert "not the same" in unequal.text
    short = here.post("/account", {"present": PASSWORD, "chosen": "short", "repeated": "short"})
    assert "at least 10 characters" in short.text
    changed = here.post("/account", {"present": PASSWORD, "chosen": chosen, "repeated": chosen})
    assert changed.headers["Location"] == "/login"
    assert elsewhere.get("/").status_code == 302
    assert sign_in(Person(here.client, None), password=chosen) == (303, "/")


def test_a_right_password_with_an_unusable_new_one_does_not_lock_the_account(app: Flask, anna: int) -> None:
    here = signed_in(app, anna)
    for _ in range(10):
        short = here.post("/account", {"present": PASSWORD, "chosen": "short", "repeated": "short"})
        assert short.status_code == 422
        assert "at least 10 characters" in short.text
    assert sign_in(Person(app.test_client(), None)) == (303, "/")


def test_sign_ins_are_recorded_without_what_was_typed(app: Flask, visitor: Person, anna: int) -> None:
    sign_in(visitor, username="my secret password")
    sign_in(visitor)
    with app.app_context():
        events = db.session.scalars(select(Event).where(Event.action.startswith("user.signed"))).all()
        failed = db.session.scalars(select(Event).where(Event.action == "user.sign_in_failed")).all()
        assert [event.user_id for event in events] == [anna]
        assert len(failed) == 1
        assert "secret" not in f"{failed[0].subject_id} {failed[0].detail}"


def test_a_disabled_person_is_out_at_the_next_click(app: Flask, as_admin: Person) -> None:
    person = signed_in(app, new_person(app, "reader"))
    assert person.get("/").status_code == 200
    as_admin.post(f"/users/{person.user_id}/enabled")
    assert person.get("/").status_code == 302
