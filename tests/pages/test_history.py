"""Finding a case again: filters, search, sorting, paging; on both databases."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from itertools import chain

import pytest
from flask import Flask
from sqlalchemy import update

from portal.actions import images
from portal.db import db, transaction
from portal.models import Case
from portal.models.columns import utc_now
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in
from tests.pages.queries import counted_queries

NAME = re.compile(r'<a class="table__lead" href="/cases/[^"]+">([^<]+)</a>')
NEXT = re.compile(r'rel="next" href="([^"]+)"')
PREVIOUS = re.compile(r'rel="prev" href="([^"]+)"')


@pytest.fixture
def reader(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "reader"))


def names(person: Person, path: str) -> list[str]:
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return NAME.findall(answer.text)


def set_time(case_id: uuid.UUID, moment: datetime) -> None:
    with transaction() as session:
        session.execute(update(Case).where(Case.id == case_id).values(created_at=moment))


def add_cases(app: Flask, count: int, at_once: bool = False) -> list[str]:
    """Cases a minute apart, oldest first; `at_once` gives all of them the same moment."""
    with app.app_context():
        user = rows.new_user()
        now = utc_now()
        made = []
        for number in range(count):
            case = rows.new_case(user, patient_ref=f"P-{number:03}")
            made.append((case.id, f"P-{number:03}"))
        for number, (case_id, _) in enumerate(made):
            set_time(case_id, now if at_once else now - timedelta(minutes=count - number))
    return [name for _, name in made]


def test_the_newest_case_stands_first(each_app: Flask, reader: Person) -> None:
    made = add_cases(each_app, 3)
    assert names(reader, "/history") == made[::-1]
    assert names(reader, "/history?sort=oldest") == made


def test_urgent_cases_stand_first_when_asked(each_app: Flask, reader: Person) -> None:
    with each_app.app_context():
        for name, priority in (("P-a", "urgent"), ("P-b", "routine"), ("P-c", "urgent"), ("P-d", "routine")):
            rows.new_case(patient_ref=name, priority=priority)
    assert names(reader, "/history?sort=urgency") == ["P-c", "P-a", "P-d", "P-b"]


@pytest.mark.parametrize("sort", ["newest", "oldest", "urgency"])
@pytest.mark.parametrize("at_once", [False, True])
def test_paging_forth_and_back_shows_every_case_once(
    each_app: Flask, reader: Person, sort: str, at_once: bool
) -> None:
    made = add_cases(each_app, 120, at_once)
    address, forth = f"/history?sort={sort}", []
    for expected in (50, 50, 20):
        page = reader.get(address).text
        forth.append(NAME.findall(page))
        assert len(forth[-1]) == expected
        if found := NEXT.search(page):
            address = found.group(1).replace("&amp;", "&")
    assert sorted(chain.from_iterable(forth)) == made
    assert not NEXT.search(page)
    back = [NAME.findall(page)]
    while found := PREVIOUS.search(page):
        page = reader.get(found.group(1).replace("&amp;", "&")).text
        back.append(NAME.findall(page))
    assert back[::-1] == forth


def test_a_case_that_arrives_while_paging_moves_nothing(each_app: Flask, reader: Person) -> None:
    add_cases(each_app, 60)
    first = reader.get("/history").text
    with each_app.app_context():
        rows.new_case(patient_ref="P-new")
    found = NEXT.search(first)
    assert found
    second = names(reader, found.group(1).replace("&amp;", "&"))
    assert len(second) == 10
    assert set(second).isdisjoint(NAME.findall(first))


@pytest.mark.parametrize(
    "cursor", ["nonsense", "eyJhIjoxfQ", "W10", "WyJuZXh0Il0", "WyJuZXh0IiwgIngiLCAieSJd", "é", "W1tb" * 500]
)
def test_a_damaged_page_link_says_so(app: Flask, as_reader: Person, cursor: str) -> None:
    answer = as_reader.get("/history", query_string={"page": cursor})
    assert answer.status_code == 400
    assert "Go back to the start of the list" in answer.text


def test_filters_by_verdict_state_and_body_part(each_app: Flask, reader: Person) -> None:
    with each_app.app_context():
        rows.read_case(patient_ref="P-broken", body_part="Wrist", answer=rows.finding(0.9, "fracture"))
        rows.read_case(patient_ref="P-sound", body_part="wrist left", answer=rows.finding(0.1, "no fracture"))
        rows.new_case(patient_ref="P-waiting", body_part="100% knee")
    assert names(reader, "/history?verdict=fracture") == ["P-broken"]
    assert names(reader, "/history?verdict=no+fracture&state=done") == ["P-sound"]
    assert names(reader, "/history?state=waiting") == ["P-waiting"]
    assert names(reader, "/history?part=wrist") == ["P-sound", "P-broken"]
    assert names(reader, "/history?part=knee&verdict=none+yet") == ["P-waiting"]
    assert names(reader, "/history?verdict=doubt") == []


def test_filters_by_priority_and_review(each_app: Flask, reader: Person) -> None:
    with each_app.app_context():
        for name, priority in (("P-a", "urgent"), ("P-b", "routine"), ("P-c", "urgent")):
            case_id = rows.new_case(patient_ref=name, priority=priority).id
    reader.review(case_id, {"is_fracture": "no", "agrees": "yes"})
    assert names(reader, "/history?priority=urgent") == ["P-c", "P-a"]
    assert names(reader, "/history?review=open") == ["P-b", "P-a"]
    assert names(reader, "/history?review=reviewed&sort=urgency") == ["P-c"]


def test_filters_by_uploader_and_batch(each_app: Flask, reader: Person) -> None:
    with each_app.app_context():
        case = rows.read_case(patient_ref="P-mine")
        uploader_id, case_id = case.uploaded_by_id, case.id
        rows.read_case(patient_ref="P-other")
        batch_id = rows.jobs_of(db.session.get_one(Case, case_id))[0].batch_id
    assert names(reader, f"/history?uploader={uploader_id}") == ["P-mine"]
    assert names(reader, f"/history?batch={batch_id}") == ["P-mine"]


def test_filters_by_whole_days_of_the_department(each_app: Flask, reader: Person) -> None:
    noon = datetime(2026, 3, 10, 12).astimezone()
    midnight = datetime(2026, 3, 11).astimezone()
    with each_app.app_context():
        for name, moment in (
            ("P-noon", noon), ("P-last", midnight - timedelta(seconds=1)), ("P-next", midnight),
        ):  # fmt: skip
            set_time(rows.new_case(patient_ref=name).id, moment)
    assert names(reader, "/history?from=2026-03-10&to=2026-03-10") == ["P-last", "P-noon"]
    assert names(reader, "/history?from=2026-03-11") == ["P-next"]


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday", "from=0001-01-01", "to=9999-12-31", "verdict=broken", "uploader=x",
        f"uploader={10**20}", "batch=1", "search=1", "sort=x",
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_understood_shows_no_cases(app: Flask, as_reader: Person, query: str) -> None:
    with app.app_context():
        rows.new_case(patient_ref="P-any")
    page = as_reader.get(f"/history?{query}")
    assert page.status_code == 422
    assert "P-any" not in page.text


def test_search_finds_the_beginning_of_reference_and_accession(each_app: Flask, reader: Person) -> None:
    with each_app.app_context():
        for name, accession in (("MÜLL-17", "A1"), ("x%y", "müll-9"), ("other", "B2")):
            rows.new_case(patient_ref=name, accession=accession)
    assert search(reader, "müll-") == ["x%y", "MÜLL-17"]
    assert search(reader, "X%") == ["x%y"]
    assert search(reader, "%") == []
    assert search(reader, "b2") == ["other"]


def search(person: Person, text: str) -> list[str]:
    answer = person.post("/history/search", {"text": text})
    assert answer.status_code == 303
    return names(person, answer.headers["Location"])


def test_no_patient_reference_stands_in_an_address(each_app: Flask, reader: Person) -> None:
    add_cases(each_app, 60)
    address = reader.post("/history/search", {"text": "P-0"}).headers["Location"]
    page = reader.get(address)
    assert "P-0" not in address
    assert all("P-0" not in link for link in re.findall(r'(?:href|action)="([^"]*)"', page.text))
    assert len(names(reader, page_link(page.text, NEXT))) == 10, "the search goes on across pages"


def page_link(page: str, link: re.Pattern[str]) -> str:
    found = link.search(page)
    assert found
    return found.group(1).replace("&amp;", "&")


@pytest.mark.parametrize("path", ["/history/search", "/worklist/search"])
def test_a_search_for_nothing_is_told_at_its_field(each_app: Flask, reader: Person, path: str) -> None:
    answer = reader.post(path, {"text": " "})
    assert answer.status_code == 422
    [field] = re.findall(r'<input[^>]* id="text"[^>]*>', answer.text)
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="text-error"' in field
    assert re.search(r'id="text-error"[^>]*>Enter the beginning of a patient reference', answer.text)
    assert "aria-invalid" not in reader.get(path.removesuffix("/search")).text


def test_a_search_stays_within_the_filters_and_goes_without_them(each_app: Flask, reader: Person) -> None:
    with each_app.app_context():
        for name, priority in (("P-a1", "urgent"), ("P-a2", "routine"), ("P-b1", "urgent")):
            rows.new_case(patient_ref=name, priority=priority)
    page = reader.get("/history?priority=urgent&sort=oldest").text
    [action] = re.findall(r'action="(/history/search[^"]*)"', page)
    address = reader.post(action.replace("&amp;", "&"), {"text": "p-a"}).headers["Location"]
    assert names(reader, address) == ["P-a1"]
    [everything] = re.findall(r'href="([^"]+)">Show all again', reader.get(address).text)
    assert names(reader, everything.replace("&amp;", "&")) == ["P-a1", "P-b1"]
    [again] = re.findall(r'action="(/history/search[^"]*)"', reader.get(address).text)
    assert "search=" not in again
    damaged = reader.post("/history/search?verdict=broken", {"text": "p-a"})
    assert damaged.status_code == 303
    assert names(reader, damaged.headers["Location"]) == ["P-a2", "P-a1"]


def test_someone_elses_search_is_not_found(app: Flask, as_reader: Person, as_admin: Person) -> None:
    address = as_reader.post("/history/search", {"text": "P-1"}).headers["Location"]
    assert as_reader.get(address).status_code == 200
    assert as_admin.get(address).status_code == 404


def test_an_empty_search_is_told(as_reader: Person) -> None:
    answer = as_reader.post("/history/search", {"text": "  "})
    assert answer.status_code == 422
    assert "Enter the beginning of a patient reference" in answer.text


def test_a_line_says_why_and_whether_it_was_reviewed(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.new_release()
        rows.new_case(patient_ref="P-refused")
        (claim,) = images.claim_images(1, rows.TERMS)
        images.refuse(claim, "truncated", "The file ends before the image is complete.")
        reviewed = rows.read_case(patient_ref="P-reviewed").id
    as_reader.review(reviewed, {"is_fracture": "yes", "agrees": "yes"})
    page = as_reader.get("/history").text
    assert "The file ends before the image is complete." in page
    assert page.count("reviewed by reader-") == 1


def test_the_number_of_queries_does_not_grow_with_the_list(each_app: Flask, reader: Person) -> None:
    add_cases(each_app, 5)
    with counted_queries(each_app) as for_few:
        assert len(names(reader, "/history?part=hand")) == 5
    add_cases(each_app, 50)
    with counted_queries(each_app) as for_many:
        assert len(names(reader, "/history?part=hand")) == 50
    assert len(for_many) == len(for_few)
    assert not [query for query in for_many if "count(" in query.lower()]
