"""The worklist's page: paging, claims, and the way from case to case; on both databases."""

from __future__ import annotations

import re
from itertools import chain

from flask import Flask

from tests.fixtures.people import Person
from tests.pages.queries import counted_queries
from tests.pages.worklist import NAME, add_case, add_cases, names

NEXT = re.compile(r'rel="next" href="([^"]+)"')
PREVIOUS = re.compile(r'rel="prev" href="([^"]+)"')
SAID = {"is_fracture": "yes", "agrees": "yes"}
LISTED = {
    "/worklist": (50, 50), "/worklist/live": (50, 50), "/worklist?show=mine": (5, 50),
    "/worklist?reader=somebody": (5, 50), "/worklist?part=hand&state=waiting&age=today": (50, 50),
    "/worklist?sort=newest&reader=nobody": (50, 5),
}  # fmt: skip
"""Of 55 cases, how many stand on each list's first page when 5 of them are claimed, and when 50 are."""


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
    assert tom.review(case_id, SAID).status_code == 303
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
    eva.review(case_id, SAID)
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
    answer = eva.review(second, SAID | {"then": "next"})
    page = eva.get(answer.headers["Location"]).text
    assert "Your review was saved; this is the next case." in page
    assert "<h1>P-other</h1>" in page
    assert "You are reading this since" in page
    kept = eva.review(third, {"then": "next", "comment": "worth keeping"})
    assert kept.status_code == 422
    assert "worth keeping" in kept.text


def test_at_the_end_of_the_list_one_sentence_says_so(each_app: Flask, eva: Person) -> None:
    case_id = add_case(each_app)
    answer = eva.review(case_id, SAID | {"then": "next"})
    assert answer.headers["Location"] == "/worklist"
    page = eva.get("/worklist").text
    assert "Your review was saved. There is no other unread case that is free." in page
    assert "this is the next case" not in page
    assert eva.post("/worklist/start").headers["Location"] == "/worklist"
    assert "There is no unread case that is free." in eva.get("/worklist").text


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


def test_a_list_says_who_reviewed(each_app: Flask, eva: Person, tom: Person) -> None:
    case_id = add_case(each_app)
    tom.review(case_id, SAID | {"asks_second": "y"})
    page = eva.get("/worklist").text
    assert "reviewed by tom" in page
    assert "second reader asked" in page
    assert names(tom) == [], "the first reader cannot be the second"


def test_the_number_of_queries_does_not_grow_with_the_list(each_app: Flask, eva: Person) -> None:
    made = add_cases(each_app, 55)
    asked: dict[str, list[int]] = {path: [] for path in LISTED}
    for turn, claimed in enumerate((made[:5], made[5:50])):
        for case_id in claimed:
            eva.post(f"/cases/{case_id}/claim")
        for path, listed in LISTED.items():
            with counted_queries(each_app) as queries:
                assert len(names(eva, path)) == listed[turn], path
            asked[path].append(len(queries))
    assert {path: few for path, (few, many) in asked.items() if not few == many <= 14} == {}
