"""Migration 0003: what was reviewed before is settled with its newest word, and the way back says so too."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from portal.actions.events import Actor
from portal.actions.reviews import Opinion, add_review
from portal.db import db, transaction
from portal.models import Case, Review
from tests.fixtures import rows


def add_cases() -> None:
    """Reviewed once, corrected, and not reviewed."""
    tom = Actor(rows.new_user("reader").id)
    for patient_ref, words in (("yes", [True]), ("corrected", [True, False]), ("unread", [])):
        case = rows.new_case(patient_ref=patient_ref)
        for word in words:
            opinion = Opinion(word, agrees=True, comment="Seen.")
            add_review(case.id, opinion, uuid.uuid4().hex, tom)


def cases() -> dict[str, tuple[str, str | None, bool]]:
    db.session.rollback()
    query = select(Case.patient_ref, Case.awaits, Case.answer, Case.is_reviewed)
    found = {name: (awaits, answer, reviewed) for name, awaits, answer, reviewed in db.session.execute(query)}
    db.session.rollback()
    return found


def said() -> Sequence[tuple[bool | None, str]]:
    found = db.session.execute(select(Review.is_fracture, Review.comment).order_by(Review.id)).all()
    db.session.rollback()
    return [(word, comment) for word, comment in found]


def test_reviewed_cases_are_settled_and_their_reviews_kept(each_app: Flask) -> None:
    with each_app.app_context():
        add_cases()
        before, words = cases(), said()
        downgrade(revision="0002")
        upgrade()
        assert cases() == before == {
            "yes": ("nothing", "yes", True), "corrected": ("nothing", "no", True),
            "unread": ("first", None, False),
        }  # fmt: skip
        assert said() == words == [(True, "Seen."), (True, "Seen."), (False, "Seen.")]
        regions = db.session.execute(select(Review.regions, Review.asks_second)).all()
        assert set(map(str, regions)) == {"([], False)"}


def test_on_the_way_back_unsure_never_becomes_no_fracture(each_app: Flask) -> None:
    with each_app.app_context():
        case, tom = rows.new_case(), rows.new_user("reader")
        unsure = Opinion(None, agrees=False, asks_second=True)
        add_review(case.id, unsure, "key", Actor(tom.id))
        downgrade(revision="0002")
        with transaction() as session:
            assert session.execute(text("SELECT is_fracture FROM review")).scalars().all() == [True]
            assert session.execute(text('SELECT is_reviewed FROM "case"')).scalars().all() == [True]


def test_code_that_ran_before_goes_on_writing(each_app: Flask) -> None:
    with each_app.app_context():
        case, tom = rows.new_case(), rows.new_user("reader")
        with transaction() as session:
            session.execute(
                text(
                    "INSERT INTO review (case_id, reviewer_id, is_fracture, agrees, comment, created_at,"
                    " submission_key) SELECT id, :tom, true, true, '', created_at, 'key' FROM \"case\""
                ),
                {"tom": tom.id},
            )
        [review] = db.session.scalars(select(Review))
        assert (review.fracture, review.regions, review.asks_second) == ("yes", [], False)
        assert case.id == review.case_id
