"""What the worklist shows when it is filtered, sorted or searched; on both databases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from portal.actions import jobs
from portal.db import transaction
from portal.models import Case, User
from portal.queries import named_cases
from portal.queries.days import start_of, today
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.worklist import add_case, add_cases, names


def test_filters_by_verdict_priority_and_body_part(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        rows.read_case(patient_ref="P-broken", body_part="Wrist")
        rows.read_case(patient_ref="P-sound", body_part="wrist left", answer=rows.finding(0.1, "no fracture"))
        rows.new_case(patient_ref="P-urgent", priority="urgent", body_part="100% knee")
    assert names(eva, "/worklist?verdict=fracture") == ["P-broken"]
    assert names(eva, "/worklist?verdict=none+yet") == ["P-urgent"]
    assert names(eva, "/worklist?priority=routine") == ["P-broken", "P-sound"]
    assert names(eva, "/worklist?part=wrist&verdict=no+fracture") == ["P-sound"]
    assert names(eva, "/worklist?part=knee") == ["P-urgent"]
    assert "No case fits" in eva.get("/worklist?verdict=doubt").text


@pytest.mark.parametrize(
    "query",
    [
        "show=x",
        "verdict=broken",
        "priority=now",
        "part=wing",
        "age=old",
        "state=odd",
        "reader=x",
        "sort=x",
        "search=1",
    ],
)
def test_a_filter_that_cannot_be_understood_shows_no_cases(app: Flask, as_reader: Person, query: str) -> None:
    add_case(app, patient_ref="P-any")
    for path in ("/worklist", "/worklist/live"):
        page = as_reader.get(f"{path}?{query}")
        assert page.status_code == 422
        assert "P-any" not in page.text


def test_filters_by_age(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        noon = start_of(today()) + timedelta(hours=12)
    for name, days in (("P-now", 0), ("P-2", 2), ("P-3", 3), ("P-6", 6), ("P-7", 7)):
        case_id = add_case(each_app, patient_ref=name)
        with each_app.app_context(), transaction() as session:
            then = noon - timedelta(days=days)
            session.execute(update(Case).where(Case.id == case_id).values(created_at=then))
    assert names(eva, "/worklist?age=today") == ["P-now"]
    assert names(eva, "/worklist?age=3+days") == ["P-2", "P-now"]
    assert names(eva, "/worklist?age=week") == ["P-6", "P-3", "P-2", "P-now"]
    assert names(eva, "/worklist?age=older") == ["P-7"]


def test_filters_by_state_and_says_why_a_case_failed_or_was_refused(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        refused = rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")
        rows.new_case(patient_ref="P-refused", files=[refused])
        rows.ready_case(patient_ref="P-failed")
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.fail(claim, "The stored image cannot be read.")
        rows.new_case(patient_ref="P-waits")
    assert sorted(names(eva)) == ["P-failed", "P-waits"], "what nobody can read is not to be read"
    assert names(eva, "/worklist?state=failed") == ["P-failed"]
    assert "The stored image cannot be read." in eva.get("/worklist?state=failed").text
    assert names(eva, "/worklist?state=refused") == ["P-refused"]
    assert "The file is empty." in eva.get("/worklist?state=refused").text
    assert names(eva, "/worklist?state=waiting") == ["P-waits"]


def test_a_filter_by_a_reader_who_has_left_still_works(each_app: Flask, eva: Person, tom: Person) -> None:
    add_case(each_app, patient_ref="P-any")
    with each_app.app_context(), transaction() as session:
        session.get_one(User, tom.user_id).is_enabled = False
    assert names(eva, f"/worklist?reader={tom.user_id}") == []
    assert f'<option value="{tom.user_id}"' not in eva.get("/worklist").text
    assert eva.get(f"/worklist?reader={10**30}").status_code == 422


def test_filters_by_who_is_reading(each_app: Flask, eva: Person, tom: Person) -> None:
    first, second, _ = add_cases(each_app, 3)
    eva.post(f"/cases/{first}/claim")
    tom.post(f"/cases/{second}/claim")
    assert names(eva, "/worklist?reader=nobody") == ["P-002"]
    assert names(eva, "/worklist?reader=somebody") == ["P-000", "P-001"]
    assert names(eva, f"/worklist?reader={tom.user_id}") == ["P-001"]
    assert names(eva, f"/worklist?reader={tom.user_id}&priority=urgent") == []


def test_sorts_by_time_when_asked(each_app: Flask, eva: Person) -> None:
    add_cases(each_app, 2)
    add_case(each_app, patient_ref="P-urgent", priority="urgent")
    assert names(eva) == ["P-urgent", "P-000", "P-001"]
    assert names(eva, "/worklist?sort=oldest") == ["P-000", "P-001", "P-urgent"]
    assert names(eva, "/worklist?sort=newest") == ["P-urgent", "P-001", "P-000"]


def test_a_search_within_the_filters_keeps_the_reference_out_of_the_address(
    each_app: Flask, eva: Person
) -> None:
    add_cases(each_app, 60)
    add_case(each_app, patient_ref="other", accession="P-00X", priority="urgent")
    address = eva.post("/worklist/search", {"text": "p-00"}).headers["Location"]
    assert "p-00" not in address
    assert names(eva, address) == ["other", *(f"P-{number:03}" for number in range(10))]
    page = eva.get(address).text
    assert "11 cases in this list." in page
    assert all("p-00" not in link.lower() for link in re.findall(r'(?:href|action|data-url)="([^"]*)"', page))
    urgent = eva.post("/worklist/search?priority=urgent", {"text": "p-00"}).headers["Location"]
    assert names(eva, urgent) == ["other"]
    assert names(eva, address.replace("/worklist?", "/worklist/live?")) == names(eva, address)
    empty = eva.post("/worklist/search", {"text": " "})
    assert empty.status_code == 422
    assert "Enter the beginning of a patient reference" in empty.text


def test_a_search_that_finds_too_many_says_so(
    each_app: Flask, eva: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_cases(each_app, 12)
    monkeypatch.setattr(named_cases, "FOUND_UP_TO", 10)
    for page in ("/worklist", "/history"):
        address = eva.post(f"{page}/search", {"text": "p"}).headers["Location"]
        assert "some of them are left out" in eva.get(address).text
        exact = eva.post(f"{page}/search", {"text": "P-011"}).headers["Location"]
        assert "some of them are left out" not in eva.get(exact).text
        assert ">P-011</a>" in eva.get(exact).text
