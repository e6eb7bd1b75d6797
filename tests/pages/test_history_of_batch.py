"""The history of one batch: an upload's own case, and a re-run's cases in order; on both databases."""

from __future__ import annotations

import random
import re
import uuid
from datetime import timedelta
from itertools import chain

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.actions import batches
from portal.actions.events import Actor
from portal.db import db, transaction
from portal.models import Batch, Case
from portal.models.columns import utc_now
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.queries import counted_queries

NAME = re.compile(r'<a class="table__lead" href="/cases/[^"]+">([^<]+)</a>')
NEXT = re.compile(r'rel="next" href="([^"]+)"')
PREVIOUS = re.compile(r'rel="prev" href="([^"]+)"')


def names(person: Person, path: str) -> list[str]:
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return NAME.findall(answer.text)


def pages(person: Person, path: str, link: re.Pattern[str]) -> tuple[list[list[str]], str]:
    """The names of page after page, and the address of the last one."""
    shown = [names(person, path)]
    while found := link.search(person.get(path).text):
        path = found.group(1).replace("&amp;", "&")
        shown.append(names(person, path))
    return shown, path


def add_ready_cases(count: int) -> list[str]:
    """Newest first. Uploaded in another order than their times tell; each fifth urgent, each fourth with two
    images."""
    user = rows.new_user()
    numbers = random.Random(7).sample(range(count), count)
    for number in numbers:
        rows.new_case(user, images_count=2 if number % 4 == 0 else 1, patient_ref=f"P-{number:03}",
                      priority="urgent" if number % 5 == 0 else "routine")  # fmt: skip
    with transaction() as session:
        for number in numbers:
            then = utc_now() - timedelta(minutes=number // 3)
            session.execute(update(Case).where(Case.patient_ref == f"P-{number:03}").values(created_at=then))
    rows.ready_case(user=user, patient_ref="P-other", body_part="knee")
    newest_first = select(Case.patient_ref).order_by(Case.created_at.desc(), Case.id.desc())
    return list(db.session.scalars(newest_first.where(Case.patient_ref != "P-other")))


def rerun(part: str = "hand") -> uuid.UUID:
    cases = select(Case.id).where(Case.body_part == part)
    return batches.rerun_selection(cases, part, 1, "", Actor(rows.new_user("admin").id)).id


@pytest.mark.parametrize("sort", ["newest", "oldest", "urgency"])
def test_paging_through_a_rerun_shows_each_of_its_cases_once(each_app: Flask, eva: Person, sort: str) -> None:
    with each_app.app_context():
        expected = add_ready_cases(110)
        batch_id = rerun()
    if sort == "oldest":
        expected.reverse()
    if sort == "urgency":
        expected.sort(key=lambda name: int(name[2:]) % 5 != 0)
    forth, last = pages(eva, f"/history?batch={batch_id}&sort={sort}", NEXT)
    assert [len(page) for page in forth] == [50, 50, 10]
    assert list(chain.from_iterable(forth)) == expected
    back, _ = pages(eva, last, PREVIOUS)
    assert back[::-1] == forth


def test_a_rerun_is_narrowed_by_the_filters(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        made = add_ready_cases(12)
        rows.read_all()
        batch_id = rerun()
    urgent = [name for name in made if int(name[2:]) % 5 == 0]
    of_batch = f"/history?batch={batch_id}"
    assert names(eva, f"{of_batch}&priority=urgent&verdict=fracture") == urgent
    assert names(eva, f"{of_batch}&part=knee") == []
    address = eva.post("/history/search", {"text": "p-00"}).headers["Location"]
    assert names(eva, f"{address}&batch={batch_id}") == [name for name in made if name < "P-010"]


def test_a_rerun_of_a_rerun_keeps_the_order(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        made = add_ready_cases(12)
        first = rerun()
        again = batches.rerun_batch(first, 1, "", Actor(rows.new_user("admin").id)).id
    assert names(eva, f"/history?batch={again}") == made
    assert names(eva, f"/batches/{again}") == made


def test_an_upload_without_any_job_still_has_its_case(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        refused = rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")
        case_id = rows.new_case(patient_ref="P-refused", files=[refused]).id
        batch_id = db.session.scalar(select(Batch.id).where(Batch.case_id == case_id))
    assert names(eva, f"/history?batch={batch_id}") == ["P-refused"]
    assert names(eva, f"/history?batch={uuid.uuid4()}") == []


def test_the_number_of_queries_does_not_grow_with_the_batch(each_app: Flask, eva: Person) -> None:
    with each_app.app_context():
        add_ready_cases(3)
        few = rerun("knee")
        many = rerun()
    with counted_queries(each_app) as for_few:
        assert names(eva, f"/history?batch={few}") == ["P-other"]
    with counted_queries(each_app) as for_many:
        assert len(names(eva, f"/history?batch={many}")) == 3
    assert len(for_many) == len(for_few) <= 9
