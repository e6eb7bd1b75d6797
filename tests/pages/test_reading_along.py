"""Reading along a part of the worklist: its filters stay in the address, from case to case and back."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask

from tests.fixtures import rows
from tests.fixtures.people import FINDINGS, Person
from tests.pages.worklist import add_case, names

LEGS = "show=unread&part=leg&sort=oldest"
WAY = "part=leg&sort=oldest"
SAID = {"is_fracture": "unsure", "agrees": "no"}
LINK = re.compile(r'(?:href|action|formaction|data-url)="([^"]+)"')


@pytest.fixture
def legs(each_app: Flask) -> list[uuid.UUID]:
    """Three, oldest first, the last one urgent, among urgent hands."""
    add_case(each_app, patient_ref="P-hand-1", priority="urgent")
    made = [add_case(each_app, body_part="lower leg", patient_ref=f"P-leg-{number}") for number in (1, 2)]
    add_case(each_app, patient_ref="P-hand-2", priority="urgent")
    return [*made, add_case(each_app, body_part="lower leg", patient_ref="P-leg-3", priority="urgent")]


def address(case_id: uuid.UUID, way: str = WAY) -> str:
    return f"/cases/{case_id}?{way}"


def leads_to(person: Person, path: str) -> str:
    return person.get(path).headers["Location"]


def save_and_next(person: Person, case_id: uuid.UUID, way: str = WAY) -> str:
    found = FINDINGS.search(person.get(address(case_id, way)).text)
    assert found
    said = SAID | {"findings": found.group(1), "then": "next"}
    return person.post(f"/cases/{case_id}/reviews?image=1&{way}", said).headers["Location"]


def test_the_first_free_case_is_of_the_list_and_in_its_order(legs: list[uuid.UUID], eva: Person) -> None:
    assert 'action="/worklist/start?part=leg&amp;sort=oldest"' in eva.get(f"/worklist?{LEGS}").text
    assert eva.post(f"/worklist/start?{WAY}").headers["Location"] == address(legs[0])
    assert eva.post("/worklist/start?part=leg").headers["Location"] == address(legs[2], "part=leg")


def test_next_and_previous_stay_in_the_list(legs: list[uuid.UUID], eva: Person) -> None:
    assert leads_to(eva, f"/cases/{legs[0]}/next?{WAY}") == address(legs[1])
    assert leads_to(eva, f"/cases/{legs[1]}/next?{WAY}") == address(legs[2])
    assert leads_to(eva, f"/cases/{legs[2]}/next?{WAY}") == address(legs[0]), (
        "behind the last comes the first"
    )
    assert leads_to(eva, f"/cases/{legs[0]}/previous?{WAY}") == address(legs[2])
    newest = "part=leg&sort=newest"
    assert leads_to(eva, f"/cases/{legs[2]}/next?{newest}") == address(legs[1], newest)
    assert leads_to(eva, f"/cases/{legs[1]}/previous?{newest}") == address(legs[2], newest)


def test_save_and_next_stays_in_the_list_to_its_end(legs: list[uuid.UUID], eva: Person) -> None:
    assert save_and_next(eva, legs[0]) == address(legs[1])
    assert save_and_next(eva, legs[1]) == address(legs[2])
    assert save_and_next(eva, legs[2]) == f"/worklist?{WAY}"
    page = eva.get(f"/worklist?{WAY}").text
    assert "Your review was saved. There is no other unread case in this list that is free." in page
    assert names(eva) == ["P-hand-1", "P-hand-2"]


def test_every_way_about_the_case_keeps_the_list(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        case_id = rows.ready_case(2, body_part="lower leg").id
    listed = eva.get(f"/worklist?{WAY}").text
    for link in (f"/cases/{case_id}", f"/cases/{case_id}/claim"):
        assert f'"{link}?part=leg&amp;sort=oldest"' in listed
    assert eva.post(f"/cases/{case_id}/claim?{WAY}").headers["Location"] == address(case_id)
    page = eva.get(address(case_id)).text
    links = [link for link in LINK.findall(page) if str(case_id) in link or link.startswith("/worklist?")]
    assert len(links) > 8
    assert [link for link in links if not link.endswith("part=leg&amp;sort=oldest")] == []
    assert f'class="button button--quiet" href="/worklist?{WAY.replace("&", "&amp;")}"' in page
    said = SAID | {"findings": ""}
    saved = eva.post(f"/cases/{case_id}/reviews?image=2&{WAY}", said).headers["Location"]
    assert saved == f"/cases/{case_id}?image=2&{WAY}"
    assert eva.post(f"/cases/{case_id}/release?{WAY}").headers["Location"] == address(case_id)


def test_a_search_is_read_along_by_its_id_alone(legs: list[uuid.UUID], eva: Person, tom: Person) -> None:
    found = eva.post("/worklist/search", {"text": "p-leg"}).headers["Location"]
    way = found.removeprefix("/worklist?")
    assert re.fullmatch(r"search=[0-9a-f-]{36}", way)
    assert leads_to(eva, f"/cases/{legs[0]}/next?{way}") == address(legs[1], way)
    assert eva.post(f"/worklist/start?{way}").headers["Location"] == address(legs[2], way)
    assert save_and_next(eva, legs[2], way) == address(legs[0], way)
    assert leads_to(tom, f"/cases/{legs[0]}/next?{way}") == found, "of someone else's search the list tells"


@pytest.mark.parametrize("way", ["part=tail", f"search={uuid.UUID(int=1)}"], ids=["part", "search"])
def test_a_review_is_saved_though_the_list_is_no_more(legs: list[uuid.UUID], eva: Person, way: str) -> None:
    assert save_and_next(eva, legs[0], way) == f"/worklist?{way}"
    told = eva.get(f"/worklist?{way}")
    assert told.status_code in (404, 422)
    assert "Your review was saved." in told.text
    assert "this is the next case" not in told.text
    assert leads_to(eva, f"/cases/{legs[0]}/next?{way}") == f"/worklist?{way}"
    assert eva.post(f"/worklist/start?{way}").headers["Location"] == f"/worklist?{way}"


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("show=mine", "P-leg-1"),
        ("show=all", "P-hand-1"),
        ("reader=somebody", "P-leg-1"),
        ("reader=nobody", "P-hand-1"),
        ("priority=routine&sort=newest", "P-leg-2"),
        ("state=waiting&verdict=none+yet&age=today&part=leg", "P-leg-3"),
    ],
)
def test_each_filter_leads_to_what_its_list_shows(
    legs: list[uuid.UUID], eva: Person, way: str, expected: str
) -> None:
    eva.post(f"/cases/{legs[0]}/claim")
    assert names(eva, f"/worklist?{way}")[0] == expected
    page = eva.get(eva.post(f"/worklist/start?{way}").headers["Location"]).text
    assert f"<h1>{expected}</h1>" in page


def test_a_list_of_what_nobody_can_read_leads_nowhere(each_app: Flask, eva: Person) -> None:
    refused = rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")
    add_case(each_app, files=[refused])
    assert eva.post("/worklist/start?state=refused").headers["Location"] == "/worklist?state=refused"
    assert "There is no unread case in this list that is free." in eva.get("/worklist?state=refused").text
