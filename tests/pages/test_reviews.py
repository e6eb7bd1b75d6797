"""What a reader says about a case."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from portal.db import db, transaction
from portal.models import Event, LoginSession, Review
from portal.models.columns import utc_now
from tests.fixtures import rows
from tests.fixtures.people import FINDINGS, Person

SAID = {"is_fracture": "yes", "agrees": "no", "comment": "A hairline fracture, below the box."}


@pytest.fixture
def case_id(app: Flask) -> uuid.UUID:
    with app.app_context():
        return rows.read_case().id


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Review)) or 0


def test_a_review_is_shown_with_who_and_what(app: Flask, as_reader: Person, case_id: uuid.UUID) -> None:
    answer = as_reader.review(case_id, SAID)
    assert answer.status_code == 303
    page = as_reader.get(answer.headers["Location"]).text
    assert "Your review was saved." in page
    assert "A hairline fracture, below the box." in page
    assert "disagrees with the reading" in page
    with app.app_context():
        review = db.session.scalars(select(Review)).one()
        assert (review.is_fracture, review.agrees, review.reviewer_id) == (True, False, as_reader.user_id)
        event = db.session.scalars(select(Event).where(Event.action == "case.reviewed")).one()
        assert "hairline" not in str(event.detail)


def test_the_same_review_sent_twice_is_one(app: Flask, as_reader: Person, case_id: uuid.UUID) -> None:
    for _ in range(2):
        as_reader.review(case_id, SAID | {"submission": "one-page"})
    assert count(app) == 1
    changed = SAID | {"submission": "another-page", "comment": "On second thoughts."}
    as_reader.review(case_id, changed)
    assert count(app) == 2


def test_a_double_click_is_told_once(app: Flask, as_reader: Person, case_id: uuid.UUID) -> None:
    found = FINDINGS.search(as_reader.get(f"/cases/{case_id}").text)
    assert found
    form = SAID | {"submission": "one-page", "findings": found.group(1), "csrf_token": as_reader.csrf_token()}
    for _ in range(2):
        as_reader.client.post(f"/cases/{case_id}/reviews", data=form)
    assert count(app) == 1
    assert as_reader.get(f"/cases/{case_id}").text.count("Your review was saved.") == 1


def test_another_opinion_is_added_and_the_newest_stands_first(
    as_reader: Person, as_admin: Person, case_id: uuid.UUID
) -> None:
    as_reader.review(case_id, SAID | {"comment": "first opinion"})
    as_admin.review(case_id, SAID | {"comment": "second opinion"})
    page = as_reader.get(f"/cases/{case_id}").text
    assert page.index("second opinion") < page.index("first opinion")
    assert "first reader" in page
    assert "second reader" in page


def test_a_correction_stands_beside_what_it_corrects(as_reader: Person, case_id: uuid.UUID) -> None:
    as_reader.review(case_id, SAID | {"comment": "At first sight."})
    form = as_reader.get(f"/cases/{case_id}").text
    assert "Correct your review" in form
    assert re.search(r"<textarea[^>]*>\s*At first sight\.", form), "the form starts from what one said"
    as_reader.review(case_id, {"is_fracture": "no", "agrees": "no", "comment": "Growth plate."})
    page = as_reader.get(f"/cases/{case_id}").text
    assert page.index("Growth plate.") < page.index("At first sight.")
    assert re.search(r"first reader, corrected +<time", page)
    assert "replaced by a later correction" in page


def test_the_case_shows_its_answer_and_lists_do(as_reader: Person, case_id: uuid.UUID) -> None:
    as_reader.review(case_id, SAID | {"is_fracture": "unsure"})
    assert "The readers' answer" in as_reader.get(f"/cases/{case_id}").text
    row = as_reader.get("/history").text.split("<tbody>")[1]
    assert "unsure" in row
    assert f"reviewed by {as_reader_name(as_reader)}" in row


def as_reader_name(person: Person) -> str:
    found = re.search(r'href="/account">([\w-]+)', person.get("/account").text)
    assert found
    return found.group(1)


def test_a_review_without_answers_keeps_the_comment(
    app: Flask, as_reader: Person, case_id: uuid.UUID
) -> None:
    page = as_reader.review(case_id, {"comment": "worth keeping"})
    assert page.status_code == 422
    assert "Say whether there is a fracture." in page.text
    assert "Say whether you agree with the reading." in page.text
    assert "worth keeping" in page.text
    assert count(app) == 0


def test_a_review_that_was_not_saved_says_so_before_all_else(as_reader: Person, case_id: uuid.UUID) -> None:
    page = as_reader.review(case_id, {"comment": "worth keeping"}).text
    assert "<title>Error: Case" in page
    assert page.index("Your review was not saved") < page.index("reading-bar")
    for name in ("is_fracture", "agrees"):
        assert f'href="#{name}-0"' in page, "the fields that hold several buttons cannot have the focus"
        assert f'id="{name}-0"' in page
    assert "not saved" not in as_reader.get(f"/cases/{case_id}").text


def test_a_radiographer_sees_reviews_and_no_form(as_radiographer: Person, case_id: uuid.UUID) -> None:
    page = as_radiographer.get(f"/cases/{case_id}").text
    assert "Nobody has reviewed this case yet." in page
    assert 'name="is_fracture"' not in page


def test_a_review_sent_after_the_session_ended_is_not_lost(
    app: Flask, as_reader: Person, case_id: uuid.UUID
) -> None:
    token = as_reader.csrf_token()
    with app.app_context(), transaction() as session:
        session.execute(update(LoginSession).values(revoked_at=utc_now()))
    answer = as_reader.client.post(
        f"/cases/{case_id}/reviews", data=SAID | {"csrf_token": token, "comment": "Long <and> hard to write."}
    )
    assert answer.status_code == 401
    assert "Long &lt;and&gt; hard to write." in answer.text
    assert f'href="/cases/{case_id}"' in answer.text
    assert as_reader.get(f"/cases/{case_id}").headers["Location"].endswith(f"/login?next=/cases/{case_id}")
    assert count(app) == 0


def test_a_review_from_the_page_of_an_earlier_session_is_not_lost(
    app: Flask, as_reader: Person, case_id: uuid.UUID
) -> None:
    answer = as_reader.client.post(
        f"/cases/{case_id}/reviews", data=SAID | {"csrf_token": "of another session"}
    )
    assert answer.status_code == 400
    assert SAID["comment"] in answer.text
    assert "Back to the case" in answer.text
    assert count(app) == 0


def test_a_review_that_meets_a_database_that_is_away_is_not_lost(
    as_reader: Person, case_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    token = as_reader.csrf_token()
    monkeypatch.setattr("portal.web.access.db.session.scalars", gone)
    answer = as_reader.client.post(f"/cases/{case_id}/reviews", data=SAID | {"csrf_token": token})
    assert answer.status_code == 503
    assert "look before you send it again" in answer.text
    assert SAID["comment"] in answer.text


def test_a_wish_for_a_second_reader_outlives_a_correction(
    as_reader: Person, as_admin: Person, case_id: uuid.UUID
) -> None:
    as_reader.review(case_id, SAID | {"asks_second": "y"})
    assert re.search(
        r'name="asks_second"[^>]*checked|checked[^>]*name="asks_second"', page_of(as_reader, case_id)
    )
    as_admin.review(case_id, SAID)
    assert '<input type="hidden" name="asks_second" value="y">' in page_of(as_reader, case_id)


def page_of(person: Person, case_id: uuid.UUID) -> str:
    return person.get(f"/cases/{case_id}").text
