"""What a person sets for the worklist: columns and saved filters; on both databases."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from portal.actions.preferences import MOST_FILTERS
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in

CHIP = re.compile(r'class="chip__name" href="([^"]+)"(?: aria-current="(\w+)")?>([^<]+)<')
DELETE = re.compile(r'action="(/worklist/filters/\d+/delete[^"]*)"')
HEADING = re.compile(r'<th scope="col"[^>]*>([^<]+)</th>')


@pytest.fixture
def eva(each_app: Flask) -> Person:
    with each_app.app_context():
        rows.new_case(accession="A-77", priority="urgent")
    return signed_in(each_app, new_person(each_app, "reader", "eva"))


def keep(person: Person, name: str, query: str = "") -> Any:
    return person.post(f"/worklist/filters{query}", {"name": name})


def chips(person: Person, query: str = "") -> list[tuple[str, str, str]]:
    return [
        (href.replace("&amp;", "&"), current, name)
        for href, current, name in CHIP.findall(person.get(f"/worklist{query}").text)
    ]


def headings(person: Person, path: str = "/worklist") -> list[str]:
    return HEADING.findall(person.get(path).text)


def test_columns_are_chosen_and_remembered(each_app: Flask, eva: Person) -> None:
    usual = headings(eva)
    assert usual[:3] == ["Patient reference", "Priority", "Result"]
    answer = eva.post("/worklist/columns?priority=urgent", {"columns": ["uploader", "accession"]})
    assert answer.headers["Location"] == "/worklist?priority=urgent"
    for path in ("/worklist", "/worklist/live"):
        assert headings(eva, path) == ["Patient reference", "Accession", "Uploaded by"]
    assert "A-77" in eva.get("/worklist").text
    other = signed_in(each_app, new_person(each_app, "reader"))
    assert headings(other) == usual, "another person's list is as it was"
    eva.post("/worklist/columns/usual")
    assert headings(eva) == usual


def test_a_list_may_show_the_reference_alone(each_app: Flask, eva: Person) -> None:
    eva.post("/worklist/columns", {"columns": []})
    assert headings(eva) == ["Patient reference"]


def test_an_unknown_column_is_refused(each_app: Flask, eva: Person) -> None:
    assert eva.post("/worklist/columns", {"columns": ["notes"]}).status_code == 422


def test_a_selection_is_kept_under_a_name(each_app: Flask, eva: Person) -> None:
    answer = keep(eva, "Urgent hips", "?priority=urgent&part=hip&sort=oldest")
    assert answer.headers["Location"] == "/worklist?priority=urgent&part=hip&sort=oldest"
    href = "/worklist?part=hip&priority=urgent&sort=oldest"
    ((address, current, name),) = chips(eva)
    assert (sorted(address.partition("?")[2].split("&")), current, name) == (
        sorted(href.partition("?")[2].split("&")), "", "Urgent hips",
    )  # fmt: skip
    assert chips(eva, address.removeprefix("/worklist"))[0][1] == "true", (
        "the chip of what one sees is marked"
    )
    other = signed_in(each_app, new_person(each_app, "reader"))
    assert chips(other) == []


def test_the_same_name_again_replaces_the_selection(each_app: Flask, eva: Person) -> None:
    keep(eva, "mine", "?part=hip")
    keep(eva, "mine", "?part=knee")
    assert [(address, name) for address, _, name in chips(eva)] == [("/worklist?part=knee", "mine")]


def test_a_search_is_not_kept(each_app: Flask, eva: Person) -> None:
    search = eva.post("/worklist/search?priority=urgent", {"text": "P-1"}).headers["Location"]
    keep(eva, "urgent", search.removeprefix("/worklist"))
    assert [address for address, _, _ in chips(eva)] == ["/worklist?priority=urgent"]


def test_one_saved_filter_too_many_is_told(each_app: Flask, eva: Person) -> None:
    for number in range(MOST_FILTERS):
        assert keep(eva, f"filter {number}").status_code == 303
    answer = keep(eva, "one more")
    assert answer.status_code == 400
    assert "Delete one first." in answer.text
    assert keep(eva, "filter 3", "?part=hip").status_code == 303, "a known name needs no room"
    assert len(chips(eva)) == MOST_FILTERS


@pytest.mark.parametrize("name", ["", "  ", 41 * "x"])
def test_a_name_that_cannot_be_used_is_told_beside_its_field(
    app: Flask, as_reader: Person, name: str
) -> None:
    page = keep(as_reader, name, "?priority=urgent")
    assert page.status_code == 422
    assert 'id="save-filter" open' in page.text
    assert 'data-error-slot="name"' in page.text


def test_deleting_a_saved_filter(each_app: Flask, eva: Person) -> None:
    keep(eva, "hips", "?part=hip")
    found = DELETE.search(eva.get("/worklist").text)
    assert found
    other = signed_in(each_app, new_person(each_app, "reader"))
    assert other.post(found.group(1)).status_code == 404, "nobody deletes another person's"
    assert "“hips” is deleted." in eva.get(eva.post(found.group(1)).headers["Location"]).text
    assert chips(eva) == []


def test_a_saved_filter_that_no_longer_fits_says_so(each_app: Flask, eva: Person) -> None:
    assert keep(eva, "odd", "?part=wing").status_code == 422
    assert chips(eva) == []
