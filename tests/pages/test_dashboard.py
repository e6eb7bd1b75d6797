"""The first page."""

from __future__ import annotations

import re

from flask import Flask

from portal.actions import jobs, workers
from tests.fixtures import rows
from tests.fixtures.people import Person, signed_in
from tests.pages.queries import counted_queries


def tiles(person: Person) -> dict[str, int]:
    page = re.sub(r"<svg.*?</svg>", "", person.get("/").text, flags=re.S)
    found = re.findall(r'tile__count">(\d+)</span>\s*<span class="tile__words">([^<]+)<', page)
    return {words.strip(): int(count) for count, words in found}


def test_today_is_counted_by_verdict_and_state(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.read_case(answer=rows.finding(0.9, "fracture"))
        rows.read_case(answer=rows.finding(0.05, "no fracture"))
        rows.read_case(answer=rows.finding(0.9, "fracture"))
        rows.new_case()
        rows.new_case(files=[rows.received_file(kind="", refusal_code="empty", refusal_reason="Empty.")])
    assert tiles(as_reader) == {
        "fracture": 2, "doubt": 0, "no fracture": 1, "out of scope": 0,
        "waiting": 1, "refused": 1, "failed": 0, "cancelled": 0,
    }  # fmt: skip


def test_my_cases_what_waits_and_what_failed_are_listed(app: Flask) -> None:
    with app.app_context():
        me = rows.new_user("reader")
        my_id = me.id
        rows.read_case(user=me, patient_ref="P-mine")
        rows.ready_case(patient_ref="P-failed")
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.fail(claim, "The stored image cannot be read.")
        rows.new_case(patient_ref="P-waiting")
    page = signed_in(app, my_id).get("/").text
    mine, rest = page.split('id="waiting"')
    waiting, trouble = rest.split('id="trouble"')
    assert "P-mine" in mine
    assert "P-failed" not in mine
    assert "P-waiting" in waiting
    assert "P-failed" in trouble
    assert "The stored image cannot be read." in trouble


def test_missing_parts_are_told_in_plain_words(app: Flask, as_reader: Person) -> None:
    page = as_reader.get("/").text
    assert "No inference worker is running: images wait and are not read." in page
    assert "No release is active" in page
    with app.app_context():
        rows.new_release()
        for kind in ("intake", "inference", "sweeper"):
            workers.seen(workers.Sign(f"{kind}-1", kind))
    assert 'class="notice' not in as_reader.get("/").text


def test_the_live_part_is_the_same_fragment(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.read_case(images_count=2)
    live = as_reader.get("/dashboard/live").text.strip()
    assert live in as_reader.get("/").text


def test_the_number_of_queries_does_not_grow_with_the_cases(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.read_case()
    with counted_queries(app) as for_one:
        as_reader.get("/")
    with app.app_context():
        for _ in range(6):
            rows.read_case(images_count=2)
    with counted_queries(app) as for_many:
        as_reader.get("/")
    assert len(for_many) == len(for_one)


def test_refused_file_of_a_case_that_was_read_is_not_overlooked(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.new_release()
        broken = rows.received_file(kind="", refusal_code="empty", refusal_reason="The file is empty.")
        rows.new_case(files=[rows.received_file(), broken], patient_ref="P-half")
    trouble = as_reader.get("/").text.split('id="trouble"')[1]
    assert "P-half" in trouble
    assert "The file is empty." in trouble
