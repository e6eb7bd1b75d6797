"""A review is about the findings that its reader had before them, also when a reading ends at that moment."""

from __future__ import annotations

import threading
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import batches, jobs
from portal.actions.events import Actor
from portal.actions.reviews import Opinion, add_review
from portal.db import db
from portal.errors import Conflict
from portal.models import Case, Event, Release, Review
from portal.queries.cases import read_case
from portal.queries.findings import current_findings, reviewed_findings
from tests.fixtures import rows
from tests.fixtures.moments import before_the_next_commit, start_and_see_it_wait


def rerun(case_id: uuid.UUID) -> None:
    """Queue its images again, with the same release."""
    release_id = db.session.scalars(select(Release.id)).first()
    assert release_id
    one = select(Case.id).where(Case.id == case_id)
    batches.rerun_selection(one, "one", release_id, "again", Actor(rows.new_user("admin").id))


def say(case_id: uuid.UUID, user_id: int, finding_ids: tuple[int, ...], key: str = "") -> None:
    opinion = Opinion(False, agrees=True, finding_ids=finding_ids)
    add_review(case_id, opinion, key or uuid.uuid4().hex, Actor(user_id))


def reviews() -> list[Review]:
    return list(db.session.scalars(select(Review).order_by(Review.id)))


def test_the_newest_finding_of_each_image_counts(each_app: Flask) -> None:
    with each_app.app_context():
        rows.read_case()
        case_id = rows.read_case(images_count=2).id
        before = current_findings(case_id)
        rerun(case_id)
        jobs.finish([jobs.Result(jobs.claim_jobs(1, rows.TERMS)[0], rows.finding())])
        after = current_findings(case_id)
        assert len(before) == len(after) == 2
        assert len(set(before) & set(after)) == 1
        assert read_case(case_id).finding_ids == after


def test_a_review_names_what_its_reader_had_before_them(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case(images_count=2).id, rows.new_user("reader").id
        say(case_id, eva, current_findings(case_id))
        told = db.session.scalars(select(Event.detail).where(Event.action == "case.reviewed")).one()
        assert told["findings"] == list(current_findings(case_id))
        assert reviewed_findings(case_id) == {reviews()[0].id: current_findings(case_id)}


def test_a_review_of_an_earlier_reading_is_refused_and_changes_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case().id, rows.new_user("reader").id
        seen = current_findings(case_id)
        rerun(case_id)
        rows.read_all()
        with pytest.raises(Conflict, match="look again"):
            say(case_id, eva, seen)
        assert reviews() == []
        assert db.session.scalars(select(Event).where(Event.action == "case.reviewed")).all() == []
        assert db.session.get_one(Case, case_id, populate_existing=True).awaits == "first"


def test_the_same_said_of_another_reading_is_another_review(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case().id, rows.new_user("reader").id
        for _ in range(2):
            say(case_id, eva, current_findings(case_id))
        assert len(reviews()) == 1
        rerun(case_id)
        rows.read_all()
        say(case_id, eva, current_findings(case_id))
        assert len(reviews()) == 2


def test_a_form_that_was_taken_stays_taken_when_it_comes_again_after_a_rerun(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case().id, rows.new_user("reader").id
        seen = current_findings(case_id)
        say(case_id, eva, seen, key="the same form")
        rerun(case_id)
        rows.read_all()
        say(case_id, eva, seen, key="the same form")
        assert len(reviews()) == 1


def test_a_reading_that_ends_while_a_review_is_saved_does_not_slip_in_between(each_app: Flask) -> None:
    outcomes: list[str] = []

    def save() -> None:
        with each_app.app_context():
            try:
                say(case_id, eva, seen)
                outcomes.append("saved")
            except Conflict:
                outcomes.append("refused")

    with each_app.app_context():
        case_id, eva = rows.read_case().id, rows.new_user("reader").id
        seen = current_findings(case_id)
        rerun(case_id)
        claims = jobs.claim_jobs(1, rows.TERMS)
        reader = threading.Thread(target=save)
        with before_the_next_commit(lambda: start_and_see_it_wait(reader)):
            jobs.finish([jobs.Result(claims[0], rows.finding(0.95, "fracture"))])
        reader.join()
        assert outcomes == ["refused"]
        assert reviews() == []
