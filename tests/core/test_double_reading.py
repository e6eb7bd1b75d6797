"""Whom a case waits for after its reviews, by a table and through the database, also at the same moment."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.actions.events import Actor
from portal.actions.reviews import Opinion, add_review
from portal.db import db
from portal.models import Case, Event, Review
from portal.queries.double_reading import standing
from portal.queries.reviews import awaits_from
from tests.fixtures import rows

WORDS = {"yes": True, "no": False, "unsure": None}

TABLE: list[tuple[int, str, tuple[str, str | None]]] = [
    (1, "", ("first", None)),
    (2, "", ("first", None)),
    (1, "a:yes", ("nothing", "yes")),
    (1, "a:unsure", ("nothing", "unsure")),
    (1, "a:no?", ("second", None)),
    (2, "a:yes", ("second", None)),
    (1, "a:no? a:no", ("nothing", "no")),
    (2, "a:yes b:yes", ("nothing", "yes")),
    (2, "a:no b:no", ("nothing", "no")),
    (2, "a:yes b:no", ("third", None)),
    (2, "a:yes b:unsure", ("third", None)),
    (2, "a:unsure b:unsure", ("third", None)),
    (1, "a:yes b:no", ("third", None)),
    (1, "a:yes? b:yes", ("nothing", "yes")),
    (1, "a:yes b:yes?", ("nothing", "yes")),
    (2, "a:yes b:no c:no", ("nothing", "no")),
    (2, "a:yes b:no c:unsure", ("nothing", "unsure")),
    (2, "a:yes b:no c:no d:yes", ("nothing", "no")),
    (2, "a:yes a:no", ("second", None)),
    (2, "a:yes b:yes a:no", ("third", None)),
    (2, "a:yes b:no a:no", ("nothing", "no")),
    (2, "a:yes b:no c:yes a:no", ("nothing", "yes")),
    (2, "a:yes b:no c:yes c:no", ("nothing", "no")),
]  # fmt: skip
"""How often each case is read; who said what in turn (a question mark asks for a second); what follows."""


def reviews(said: str) -> list[Review]:
    made = []
    for number, part in enumerate(said.split()):
        reader, word = part.split(":")
        made.append(
            Review(id=number, reviewer_id=ord(reader), is_fracture=WORDS[word.rstrip("?")],
                   asks_second=word.endswith("?"))
        )  # fmt: skip
    return made


@pytest.mark.parametrize(("readings", "said", "expected"), TABLE)
def test_the_reviews_alone_say_whom_a_case_waits_for(
    readings: int, said: str, expected: tuple[str, str | None]
) -> None:
    assert standing(reviews(said), readings) == expected


def say(case_id: uuid.UUID, user_id: int, word: str, key: str = "", readings: int = 2) -> None:
    opinion = Opinion(WORDS[word.rstrip("?")], agrees=True, asks_second=word.endswith("?"))
    add_review(case_id, opinion, key or uuid.uuid4().hex, Actor(user_id), readings)


def state_of(case_id: uuid.UUID) -> tuple[str, str | None, bool]:
    db.session.rollback()
    case = db.session.get_one(Case, case_id, populate_existing=True)
    return case.awaits, case.answer, case.is_reviewed


def count_reviews() -> int:
    return db.session.scalar(select(func.count()).select_from(Review)) or 0


def waits_for(user_id: int) -> bool:
    db.session.rollback()
    return db.session.scalar(select(Case.id).where(awaits_from(user_id))) is not None


def test_a_case_is_reviewed_exactly_when_it_awaits_nobody(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        eva, tom, ann = (rows.new_user("reader").id for _ in range(3))
        for reader, word, expected in (
            (eva, "yes", ("second", None, False)),
            (tom, "no", ("third", None, False)),
            (ann, "no", ("nothing", "no", True)),
            (ann, "unsure", ("nothing", "unsure", True)),
        ):
            say(case_id, reader, word)
            assert state_of(case_id) == expected
        events = db.session.scalars(select(Event).where(Event.action == "case.reviewed").order_by(Event.id))
        assert [event.detail["awaits"] for event in events] == ["second", "third", "nothing", "nothing"]


def test_a_case_waits_only_for_those_who_have_not_read_it(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        eva, tom, ann = (rows.new_user("reader").id for _ in range(3))
        waiting = []
        for reader in (eva, tom, ann):
            say(case_id, reader, "unsure")
            waiting.append([waits_for(each) for each in (eva, tom, ann)])
        assert waiting == [[False, True, True], [False, False, True], [False, False, False]]


def test_a_correction_that_disagrees_asks_for_a_third_again(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        eva, tom, ann = (rows.new_user("reader").id for _ in range(3))
        say(case_id, eva, "yes")
        say(case_id, tom, "yes")
        assert state_of(case_id) == ("nothing", "yes", True)
        say(case_id, eva, "no")
        assert state_of(case_id) == ("third", None, False)
        assert waits_for(ann)
        assert count_reviews() == 3


def test_the_same_said_again_is_one_review_and_a_change_of_mind_is_two(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.new_case().id, rows.new_user("reader").id
        for word in ("yes", "yes", "no", "no", "yes"):
            say(case_id, eva, word, readings=1)
        said = db.session.scalars(select(Review.is_fracture).order_by(Review.id)).all()
        assert said == [True, False, True]


def test_two_readers_at_the_same_moment_are_counted_one_after_the_other(each_app: Flask) -> None:
    """Six cases, two readers each, who differ in every second: nothing is lost, doubled or left unsettled."""
    with each_app.app_context():
        cases = [rows.new_case().id for _ in range(6)]
        eva, tom = rows.new_user("reader").id, rows.new_user("reader").id
    for place, case_id in enumerate(cases):
        at_once(each_app, [
            partial(say, case_id, eva, "yes"),
            partial(say, case_id, tom, "yes" if place % 2 else "no"),
        ])  # fmt: skip
    with each_app.app_context():
        states = [state_of(case_id) for case_id in cases]
        assert states == [("third", None, False), ("nothing", "yes", True)] * 3
        assert count_reviews() == 12


def test_one_form_sent_many_times_at_once_is_one_review(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.new_case().id, rows.new_user("reader").id
    at_once(each_app, [partial(say, case_id, eva, "yes", key="the same form")] * 5)
    with each_app.app_context():
        assert count_reviews() == 1
        assert state_of(case_id) == ("second", None, False)
        assert len(db.session.scalars(select(Event).where(Event.action == "case.reviewed")).all()) == 1


def at_once(app: Flask, calls: list[Callable[[], None]]) -> None:
    """Each call in a thread of its own; what one of them raises is raised here."""
    gate, failures = threading.Barrier(len(calls)), []

    def run(call: Callable[[], None]) -> None:
        with app.app_context():
            gate.wait()
            try:
                call()
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
