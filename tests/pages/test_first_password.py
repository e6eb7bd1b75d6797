"""Who signs in with a password that someone else chose replaces it before anything else."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.actions.accounts import set_password
from portal.actions.events import SYSTEM
from tests.fixtures.people import PASSWORD, Person, new_person
from tests.pages.answers import json_of

OWN = "a password of my own"
TOLD = "Someone else chose your password."


def sign_in(app: Flask, password: str) -> Person:
    visitor = Person(app.test_client(), None)
    answer = visitor.post("/login", {"username": "berta", "password": password})
    assert answer.status_code == 303
    return Person(visitor.client, 1)


@pytest.fixture
def berta(each_app: Flask, tom: Person) -> Person:
    assert (
        tom.post("/users", {"username": "berta", "role": "reader", "password": PASSWORD}).status_code == 303
    )
    return sign_in(each_app, PASSWORD)


@pytest.mark.parametrize("path", ["/", "/worklist", "/history?verdict=doubt", "/users"])
def test_every_page_leads_to_the_account(berta: Person, path: str) -> None:
    answer = berta.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account")
    assert TOLD in berta.get("/account").text


def test_nothing_else_can_be_done(berta: Person) -> None:
    assert berta.post("/history/search", {"text": "P-1"}).status_code == 403
    answer = berta.get("/cases/00000000-0000-4000-8000-000000000000.json")
    assert answer.status_code == 403
    assert "password of your own" in json_of(answer)["message"]
    assert berta.get("/worklist/live").status_code == 403
    assert berta.post("/logout").status_code == 303


def test_after_the_change_all_is_open(each_app: Flask, berta: Person) -> None:
    same = {"present": PASSWORD, "chosen": PASSWORD, "repeated": PASSWORD}
    answer = berta.post("/account", same)
    assert answer.status_code == 422
    assert "This is your present password." in answer.text
    assert TOLD in answer.text
    assert berta.post("/account", same | {"chosen": OWN, "repeated": OWN}).status_code == 303
    again = sign_in(each_app, OWN)
    assert again.get("/worklist").status_code == 200
    assert TOLD not in again.get("/account").text


def test_a_password_that_an_admin_set_anew_is_replaced_too(each_app: Flask, tom: Person) -> None:
    person_id = new_person(each_app, "reader", "berta")
    tom.post(f"/users/{person_id}/password", {"password": PASSWORD})
    assert sign_in(each_app, PASSWORD).get("/").headers["Location"] == "/account"


def test_an_admin_may_keep_the_own_password_set_on_the_page_of_users(each_app: Flask) -> None:
    person_id = new_person(each_app, "admin", "berta")
    with each_app.app_context():
        set_password(person_id, PASSWORD, SYSTEM)
    berta = sign_in(each_app, PASSWORD)
    assert berta.post(f"/users/{person_id}/password", {"password": OWN}).status_code == 303
    assert sign_in(each_app, OWN).get("/").status_code == 200
