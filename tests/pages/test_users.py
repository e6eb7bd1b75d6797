"""The admin's page about people."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal.db import db
from portal.models import Event, User
from tests.fixtures.people import PASSWORD, Person, new_person, signed_in

NEW = {"username": "Berta", "role": "reader", "password": PASSWORD}


def user(app: Flask, username: str) -> User | None:
    with app.app_context():
        return db.session.scalars(select(User).where(User.username == username)).one_or_none()


def test_an_admin_adds_a_person_who_can_then_sign_in(app: Flask, as_admin: Person, visitor: Person) -> None:
    assert as_admin.post("/users", NEW).status_code == 303
    assert "berta" in as_admin.get("/users").text
    signed = visitor.post("/login", {"username": "BERTA", "password": PASSWORD})
    assert signed.headers["Location"] == "/"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"username": ""}, "Enter a user name."),
        ({"password": "short"}, "at least 10 characters"),
        ({"role": "surgeon"}, "Not a valid choice"),
        ({"username": "taken"}, "taken"),
    ],
)
def test_a_person_that_cannot_be_added_is_told_why(
    app: Flask, as_admin: Person, changes: dict[str, str], message: str
) -> None:
    new_person(app, "reader", "taken")
    page = as_admin.post("/users", NEW | changes)
    assert page.status_code == 422
    assert message in page.text
    assert PASSWORD not in page.text
    assert user(app, "berta") is None


def test_role_password_and_sessions_can_be_changed(app: Flask, as_admin: Person) -> None:
    person_id = new_person(app, "radiographer", "carl")
    person = signed_in(app, person_id)
    as_admin.post(f"/users/{person_id}/role", {"role": "reader"})
    carl = user(app, "carl")
    assert carl
    assert carl.role == "reader"
    assert person.get("/").status_code == 200
    as_admin.post(f"/users/{person_id}/sign-out")
    assert person.get("/").status_code == 302
    as_admin.post(f"/users/{person_id}/password", {"password": PASSWORD})
    visitor = Person(app.test_client(), None)
    assert visitor.post("/login", {"username": "carl", "password": PASSWORD}).status_code == 303
    assert actions(app, person_id) >= {"user.role_set", "user.password_set", "user.signed_out_everywhere"}


def test_the_last_admin_stays(app: Flask, as_admin: Person) -> None:
    for path, fields in (("role", {"role": "reader"}), ("enabled", {})):
        answer = as_admin.post(f"/users/{as_admin.user_id}/{path}", fields)
        assert answer.status_code == 400
        assert "last admin" in answer.text


def test_nobody_takes_the_admins_rights_from_themselves(app: Flask, as_admin: Person) -> None:
    new_person(app, "admin", "carl")
    own = f"/users/{as_admin.user_id}"
    for path, fields in (("role", {"role": "reader"}), ("enabled", {})):
        answer = as_admin.post(f"{own}/{path}", fields)
        assert answer.status_code == 400
        assert "Ask another admin to do it." in answer.text
    page = as_admin.get("/users").text
    assert f'"{own}/password"' in page
    assert f'"{own}/role"' not in page
    assert f'"{own}/enabled"' not in page


@pytest.mark.parametrize(
    ("password", "message"), [("short", "at least 10 characters"), ("", "Enter a new password.")]
)
def test_a_password_that_cannot_be_used_is_told_beside_the_person(
    app: Flask, as_admin: Person, password: str, message: str
) -> None:
    person_id = new_person(app, "reader", "carl")
    answer = as_admin.post(f"/users/{person_id}/password", {"password": password})
    assert answer.status_code == 400
    assert "<h1>Users</h1>" in answer.text
    [told] = re.findall(r"<li>(carl: [^<]*)</li>", answer.text)
    assert message in told
    assert answer.text.count('<details class="disclosure disclosure--compact" open>') == 1
    assert "user.password_set" not in actions(app, person_id)


def test_an_unknown_person_is_not_found(as_admin: Person) -> None:
    for path, fields in (
        ("role", {"role": "reader"}), ("enabled", {}), ("sign-out", {}), ("password", {"password": PASSWORD}),
    ):  # fmt: skip
        assert as_admin.post(f"/users/4711/{path}", fields).status_code == 404


def actions(app: Flask, user_id: int) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(select(Event.action).where(Event.subject_id == str(user_id))))
