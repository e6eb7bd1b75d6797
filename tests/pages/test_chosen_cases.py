"""Doing one thing with several ticked cases; on both databases."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.db import db
from portal.models import Batch, Case, Event, Image, Job
from tests.fixtures import rows
from tests.fixtures.people import Person


def add_cases(app: Flask, count: int) -> list[str]:
    with app.app_context():
        user = rows.new_user()
        return [str(rows.new_case(user, patient_ref=f"P-{number}").id) for number in range(count)]


def told(person: Person, do: str, query: str = "", **sent: Any) -> str:
    """The page that one sees after it."""
    answer = person.post(f"/worklist/chosen{query}", {"do": do, **sent})
    assert answer.status_code == 303, answer.text
    return person.get(answer.headers["Location"]).text


def actions(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        found = db.session.execute(
            select(Event.action, Event.subject_id)
            .where(Event.action.not_in(("case.uploaded",)))
            .order_by(Event.id)
        )
        return [(row.action, row.subject_id) for row in found]


def test_claiming_leaves_what_another_reads_and_says_so(each_app: Flask, eva: Person, tom: Person) -> None:
    first, second, third = add_cases(each_app, 3)
    tom.post(f"/cases/{second}/claim")
    page = told(eva, "claim", case=[first, second, third])
    assert "2 cases claimed. 1 case left as before: being read by someone else." in page
    assert page.count("you since") == 2
    assert "tom since" in page
    claimed = [subject for action, subject in actions(each_app) if action == "case.claimed"]
    assert sorted(claimed) == sorted([first, second, third]), (
        "one event for each claim, none for the one left"
    )


def test_releasing_ends_only_ones_own_claims(each_app: Flask, eva: Person, tom: Person) -> None:
    first, second = add_cases(each_app, 2)
    told(eva, "claim", case=[first])
    tom.post(f"/cases/{second}/claim")
    page = told(eva, "release", case=[first, second])
    assert "1 case released. 1 case left as before: not being read by you." in page
    assert "tom since" in page
    assert "you since" not in page


def test_marking_urgent_moves_cases_in_the_list_and_in_the_queue(each_app: Flask, eva: Person) -> None:
    first, second = add_cases(each_app, 2)
    with each_app.app_context():
        ready = rows.ready_case(patient_ref="P-ready").id
    page = told(eva, "urgent", case=[second, str(ready)])
    assert "2 cases marked urgent." in page
    assert page.index("P-ready") < page.index("P-0"), "urgent cases stand first"
    with each_app.app_context():
        assert db.session.scalars(select(Image.rank).where(Image.case_id == uuid.UUID(second))).one() == 0
        moved = select(Job.rank).join(Image, Image.id == Job.image_id).where(Image.case_id == ready)
        assert db.session.scalars(moved).all() == [0]
        case = db.session.get_one(Case, ready)
        assert (case.priority, case.reading_rank) == ("urgent", 4)
    again = told(eva, "urgent", case=[first, second])
    assert "1 case marked urgent. 1 case left as before: already urgent." in again
    assert "3 cases marked routine." in told(eva, "routine", case=[first, second, str(ready)])
    assert [action for action, _ in actions(each_app)].count("case.routine") == 3


def test_all_without_a_script_means_what_the_page_showed(each_app: Flask, eva: Person) -> None:
    first, second, third = add_cases(each_app, 3)
    page = told(eva, "claim", all="1", shown=[first, third], case=[])
    assert "2 cases claimed." in page
    assert page.count("you since") == 2
    assert f'name="shown" value="{second}"' in page


def test_without_a_tick_nothing_happens(each_app: Flask, eva: Person) -> None:
    add_cases(each_app, 1)
    assert "No case is ticked." in told(eva, "claim")
    assert actions(each_app) == []


def test_the_way_back_keeps_the_filters(each_app: Flask, eva: Person) -> None:
    (case_id,) = add_cases(each_app, 1)
    answer = eva.post("/worklist/chosen?priority=routine&sort=newest", {"do": "claim", "case": [case_id]})
    assert answer.headers["Location"] == "/worklist?priority=routine&sort=newest"


def test_reading_again_leads_back_to_the_same_list(each_app: Flask, tom: Person) -> None:
    with each_app.app_context():
        case_id = str(rows.read_case().id)
    sent, written = "?priority=routine&sort=newest", "?priority=routine&amp;sort=newest"
    assert f'formaction="/worklist/rerun{written}"' in tom.get(f"/worklist{sent}").text
    for step in ("rerun", "rerun/start"):
        page = tom.post(f"/worklist/{step}{sent}", {"case": [case_id]}).text
        assert f'action="/worklist/rerun/start{written}"' in page
        assert f'href="/worklist{written}">Back to the worklist' in page
    nothing = tom.post(f"/worklist/rerun{sent}", {})
    assert nothing.headers["Location"] == f"/worklist{sent}"


def test_a_case_that_is_gone_is_counted(app: Flask, as_reader: Person) -> None:
    assert "1 case left as before: no longer there." in told(as_reader, "claim", case=[str(uuid.uuid4())])


@pytest.mark.parametrize(
    "sent", [{"do": "claim", "case": ["1"]}, {"do": "wipe", "case": [str(uuid.uuid4())]},
             {"do": "claim", "case": [str(uuid.uuid4()) for _ in range(201)]}],
)  # fmt: skip
def test_what_no_page_sends_is_refused(app: Flask, as_reader: Person, sent: dict[str, Any]) -> None:
    assert as_reader.post("/worklist/chosen", sent).status_code == 400


def test_an_admin_reads_chosen_cases_again(each_app: Flask, tom: Person) -> None:
    with each_app.app_context():
        first, second = (str(rows.read_case().id) for _ in range(2))
        rows.read_case()
        release_id = rows.new_release("release-2", "available").id
    page = tom.post("/worklist/rerun", {"case": [first, second]}).text
    assert "2 cases" in page
    assert 'role="alert" hidden' in page, "nothing is wrong with a form that nobody sent yet"
    unsaid = tom.post(
        "/worklist/rerun/start", {"case": [first, second], "release_id": release_id, "reason": ""}
    )
    assert unsaid.status_code == 422
    assert f'name="case" value="{second}"' in unsaid.text, "the choice is kept"
    sent = {"case": [first, second], "release_id": release_id, "reason": "newer"}
    started = tom.post("/worklist/rerun/start", sent)
    with each_app.app_context():
        batch = db.session.scalars(select(Batch).where(Batch.kind == "rerun")).one()
        images = db.session.scalars(select(Job.image_id).where(Job.batch_id == batch.id)).all()
        cases = db.session.scalars(select(Image.case_id).where(Image.id.in_(images))).all()
    assert started.headers["Location"] == f"/batches/{batch.id}"
    assert sorted(map(str, cases)) == sorted([first, second])
    assert tom.post("/worklist/rerun/start", sent).status_code == 409, "the same again is already under way"


def test_chosen_cases_without_an_image_that_can_be_read_lead_back_to_the_list(
    app: Flask, as_admin: Person
) -> None:
    page = as_admin.post("/worklist/rerun?priority=routine", {"case": add_cases(app, 1)}).text
    assert "There is nothing to re-run." in page
    assert 'name="reason"' not in page
    assert '<a class="button" href="/worklist?priority=routine">' in page


def test_a_reader_sees_no_way_to_read_again(app: Flask, as_reader: Person, as_admin: Person) -> None:
    with app.app_context():
        rows.new_case()
    assert "Read again with a release" not in as_reader.get("/worklist").text
    assert "Read again with a release" in as_admin.get("/worklist").text
