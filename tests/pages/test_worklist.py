"""The worklist's page: filters, paging, claims, and the way from case to case; on both databases."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, time, timedelta
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.actions import jobs
from portal.db import transaction
from portal.models import Case
from portal.queries import named_cases
from portal.queries.days import today
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in
from tests.pages.queries import counted_queries

NAME = re.compile(r'<a class="table__lead" id="[^"]+" href="/cases/[^"]+">([^<]+)</a>')
NEXT = re.compile(r'rel="next" href="([^"]+)"')
PREVIOUS = re.compile(r'rel="prev" href="([^"]+)"')
SAID = {"is_fracture": "yes", "agrees": "yes"}


@pytest.fixture
def eva(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "reader", "eva"))


@pytest.fixture
def tom(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "admin", "tom"))


def names(person: Person, path: str = "/worklist") -> list[str]:
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return NAME.findall(answer.text)


def add_cases(app: Flask, count: int) -> list[uuid.UUID]:
    with app.app_context():
        user = rows.new_user()
        return [rows.new_case(user, patient_ref=f"P-{number:03}").id for number in range(count)]


def add_case(app: Flask, **facts: Any) -> uuid.UUID:
    with app.app_context():
        return rows.new_case(**facts).id


def test_paging_forth_and_back_shows_every_case_once(each_app: Flask, eva: Person) -> None:
    add_cases(each_app, 120)
    address, forth = "/worklist?part=hand", []
    for expected in (50, 50, 20):
        page = eva.get(address).text
        forth.append(NAME.findall(page))
        assert len(forth[-1]) == expected
        assert "120 cases in this list." in page
        if found := NEXT.search(page):
            address = found.group(1).replace("&amp;", "&")
    assert list(chain.from_iterable(forth)) == [f"P-{number:03}" for number in range(120)]
    back = [NAME.findall(page)]
    while found := PREVIOUS.search(page):
        page = eva.get(found.group(1).replace("&amp;", "&")).text
        back.append(NAME.findall(page))
    assert back[::-1] == forth


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


def test_an_empty_worklist_says_so(as_reader: Person) -> None:
    assert "Everything is read." in as_reader.get("/worklist").text


def test_a_claim_is_seen_by_others_wherever_the_case_is_shown(
    each_app: Flask, eva: Person, tom: Person
) -> None:
    case_id = add_case(each_app)
    assert eva.post(f"/cases/{case_id}/claim").headers["Location"].endswith(f"/cases/{case_id}")
    for path in ("/worklist", "/worklist/live"):
        assert "eva since" in tom.get(path).text, path
    for path in ("/history", f"/cases/{case_id}"):
        assert "eva is reading this since" in tom.get(path).text, path
    assert "You are reading this since" in eva.get(f"/cases/{case_id}").text
    assert names(eva, "/worklist?show=mine") == ["P-1"]
    assert names(tom, "/worklist?show=mine") == []


def test_a_claim_keeps_nobody_from_reading_and_reviewing(each_app: Flask, eva: Person, tom: Person) -> None:
    case_id = add_case(each_app)
    eva.post(f"/cases/{case_id}/claim")
    answer = tom.post(f"/cases/{case_id}/claim")
    assert "Someone else is reading this case." in tom.get(answer.headers["Location"]).text
    assert tom.post(f"/cases/{case_id}/reviews", SAID).status_code == 303
    assert "eva is reading this since" in tom.get(f"/cases/{case_id}").text


def test_releasing_leads_back_to_where_one_was(each_app: Flask, eva: Person) -> None:
    case_id = add_case(each_app)
    eva.post(f"/cases/{case_id}/claim")
    answer = eva.post(f"/cases/{case_id}/release?to=worklist&part=hand&show=mine")
    assert answer.headers["Location"] == "/worklist?show=mine&part=hand"
    assert eva.post(f"/cases/{case_id}/release").headers["Location"] == f"/cases/{case_id}"
    assert "is reading this" not in eva.get(f"/cases/{case_id}").text


def test_a_reviewed_case_leaves_the_list_and_names_its_reviewer(each_app: Flask, eva: Person) -> None:
    case_id = add_case(each_app)
    eva.post(f"/cases/{case_id}/reviews", SAID)
    assert names(eva) == []
    assert "reviewed by eva" in eva.get("/worklist?show=all").text


def test_next_and_previous_lead_along_the_list(each_app: Flask, eva: Person, tom: Person) -> None:
    first, second, third = add_cases(each_app, 3)
    tom.post(f"/cases/{second}/claim")
    assert eva.get(f"/cases/{first}/next").headers["Location"] == f"/cases/{third}"
    assert eva.get(f"/cases/{third}/previous").headers["Location"] == f"/cases/{first}"
    assert tom.get(f"/cases/{first}/next").headers["Location"] == f"/cases/{second}"


def test_without_another_case_next_leads_to_the_list(each_app: Flask, eva: Person) -> None:
    case_id = add_case(each_app)
    assert eva.get(f"/cases/{case_id}/next").headers["Location"] == "/worklist"
    assert "There is no other unread case that is free." in eva.get("/worklist").text


def test_save_and_next_opens_the_most_pressing_free_case(each_app: Flask, eva: Person, tom: Person) -> None:
    _, second, third = add_cases(each_app, 3)
    urgent = add_case(each_app, priority="urgent")
    tom.post(f"/cases/{urgent}/claim")
    add_case(each_app, patient_ref="P-other", priority="urgent")
    answer = eva.post(f"/cases/{second}/reviews", SAID | {"then": "next"})
    page = eva.get(answer.headers["Location"]).text
    assert "Your review was saved; this is the next case." in page
    assert "<h1>P-other</h1>" in page
    assert "You are reading this since" in page
    kept = eva.post(f"/cases/{third}/reviews", {"then": "next", "comment": "worth keeping"})
    assert kept.status_code == 422
    assert "worth keeping" in kept.text


def test_two_readers_who_start_get_two_cases(each_app: Flask, eva: Person, tom: Person) -> None:
    first, second = add_cases(each_app, 2)
    assert eva.post("/worklist/start").headers["Location"] == f"/cases/{first}"
    assert tom.post("/worklist/start").headers["Location"] == f"/cases/{second}"


def test_a_radiographer_sees_who_reads_and_no_buttons(
    app: Flask, as_reader: Person, as_radiographer: Person
) -> None:
    case_id = add_case(app)
    as_reader.post(f"/cases/{case_id}/claim")
    page = as_radiographer.get(f"/cases/{case_id}").text
    assert "is reading this since" in page
    assert 'rel="next"' not in page
    assert "/worklist" not in page


def test_the_part_that_refreshes_changes_only_with_the_list(app: Flask, as_reader: Person) -> None:
    add_case(app)
    before = as_reader.get("/worklist/live").text
    assert "csrf" not in before, "a token would make every answer a new one"
    assert as_reader.get("/worklist/live").text == before
    assert before.strip() in as_reader.get("/worklist").text
    add_case(app)
    assert "2 cases to be read." in as_reader.get("/worklist/live").text


def test_filters_by_age(each_app: Flask, eva: Person) -> None:
    noon = datetime.combine(today(), time(12)).astimezone()
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


def test_a_list_says_who_reviewed(each_app: Flask, eva: Person, tom: Person) -> None:
    case_id = add_case(each_app)
    tom.post(f"/cases/{case_id}/reviews", SAID | {"asks_second": "y"})
    page = eva.get("/worklist").text
    assert "reviewed by tom" in page
    assert "second reader asked" in page
    assert names(tom) == [], "the first reader cannot be the second"


@pytest.mark.parametrize(
    "path", ["/worklist", "/worklist/live", "/worklist?show=mine", "/worklist?reader=somebody",
             "/worklist?part=hand&state=waiting&age=today", "/worklist?sort=newest&reader=nobody"],
)  # fmt: skip
def test_the_number_of_queries_does_not_grow_with_the_list(each_app: Flask, eva: Person, path: str) -> None:
    made = add_cases(each_app, 55)
    for case_id in made[:5] if "nobody" not in path else made[5:]:
        eva.post(f"/cases/{case_id}/claim")
    with counted_queries(each_app) as for_few:
        few = len(names(eva, path))
    for case_id in made:
        eva.post(f"/cases/{case_id}/{'release' if 'nobody' in path else 'claim'}")
    with counted_queries(each_app) as for_many:
        assert len(names(eva, path)) == 50
    assert few in (5, 50)
    assert len(for_many) == len(for_few) <= 14
