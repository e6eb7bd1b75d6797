"""Who may call what: every route, every kind of person, read from the URL map."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.models import ROLES
from portal.web.access import PUBLIC, rule_of
from tests.fixtures.people import Person, new_person, signed_in

ROLE_OF = {
    "static": PUBLIC, "health.show": PUBLIC, "accounts.sign_in_form": PUBLIC, "accounts.sign_in": PUBLIC,
    "reviews.add": "reader", "images.original": "reader",
    "worklist.show": "reader", "worklist.live": "reader", "worklist.search": "reader",
    "reading.start": "reader", "reading.next_case": "reader", "reading.previous_case": "reader",
    "reading.claim": "reader", "reading.release": "reader",
    "preferences.set_columns": "reader", "preferences.usual_columns": "reader",
    "preferences.keep_filter": "reader", "preferences.remove_filter": "reader",
    "chosen_cases.change": "reader", "chosen_cases.confirm_rerun": "admin", "chosen_cases.rerun": "admin",
    "batches.cancel": "admin",
    "reruns.confirm": "admin", "reruns.rerun_history": "admin", "reruns.rerun": "admin",
    "releases.new": "admin", "releases.publish": "admin", "releases.activate": "admin",
    "releases.retire": "admin", "releases.restore": "admin",
    "events.show_all": "admin", "users.show_all": "admin", "users.add": "admin", "users.set_role": "admin",
    "users.set_password": "admin", "users.set_enabled": "admin", "users.sign_out": "admin",
}  # fmt: skip
"""Every other route is for anyone who is signed in."""

VALUES = {"uuid": str(uuid.uuid4()), "rownumber": "4711", "path": "css/base.css", "default": "x"}


@pytest.fixture
def people(app: Flask) -> dict[str, Person]:
    anyone = {role: signed_in(app, new_person(app, role)) for role in ROLES}
    return {"visitor": Person(app.test_client(), None), **anyone}


def test_every_route_states_the_rule_meant_for_it(app: Flask) -> None:
    with app.app_context():
        stated = {rule.endpoint: rule_of(rule.endpoint) for rule in app.url_map.iter_rules()}
    assert stated == {endpoint: ROLE_OF.get(endpoint, "radiographer") for endpoint in stated}


def test_every_route_lets_in_exactly_those_it_is_for(app: Flask, people: dict[str, Person]) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            for name, person in people.items():
                status = call(person, method, rule)
                is_let_in = may(name, ROLE_OF.get(rule.endpoint, "radiographer"))
                assert (status not in (302, 401, 403)) == is_let_in, (name, method, rule.rule, status)
                assert status < 500 or rule.endpoint == "health.show", (name, method, rule.rule, status)
                tried += 1
    assert tried > 100


def test_a_route_without_a_rule_lets_nobody_in(app: Flask, as_admin: Person, visitor: Person) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert as_admin.get("/forgotten").status_code == 403
    assert visitor.get("/forgotten").status_code == 302


def call(person: Person, method: str, rule: Rule) -> int:
    """Ask for a thing that does not exist, so that being let in changes nothing."""
    path = "".join(
        part
        if is_literal
        else VALUES[rule._converters[part].__class__.__name__.removesuffix("Converter").lower()]
        for is_literal, part in parts_of(rule)
    )
    if method == "POST" and rule.endpoint == "accounts.sign_out" and person.user_id:
        return 303  # would end the session that the next routes need; tests/pages/test_sign_in.py has it
    with person.get(path) if method == "GET" else person.post(path) as answer:
        return answer.status_code


def parts_of(rule: Rule) -> list[tuple[bool, str]]:
    """(is literal text, text or name of the variable) from a rule like /cases/<uuid:case_id>/live."""
    parts: list[tuple[bool, str]] = []
    for piece in rule.rule.replace("<", "\0<").replace(">", ">\0").split("\0"):
        is_variable = piece.startswith("<")
        parts.append((not is_variable, piece.strip("<>").rsplit(":", 1)[-1] if is_variable else piece))
    return parts


def may(name: str, role: str) -> bool:
    if role == PUBLIC:
        return True
    return name != "visitor" and ROLES.index(name) >= ROLES.index(role)
