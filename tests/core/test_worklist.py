"""The worklist's order and who reads what: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text, update

from portal.actions import images
from portal.actions.case_claims import claim_case, claim_first, release_case
from portal.actions.events import Actor
from portal.actions.reviews import Opinion, add_review
from portal.clock import database_now
from portal.db import db, transaction
from portal.models import Case, Event, User
from portal.models.columns import utc_now
from portal.queries.case_claims import LAPSES_AFTER, current_claim
from portal.queries.findings import current_findings
from portal.queries.next_cases import first_to_read, neighbour
from portal.queries.worklist import READING_ORDER, Selection, worklist
from tests.fixtures import rows

READ_AS = {
    "fracture": rows.finding(0.9, "fracture"), "doubt": rows.finding(0.5, "doubt"),
    "sound": rows.finding(0.1, "no fracture"), "scope": rows.finding(None, "out of scope"),
}  # fmt: skip


def add_one_of_each() -> None:
    """Urgent and routine, each verdict and none, in the wrong order: named as "urgent fracture"."""
    for priority in ("routine", "urgent"):
        for name in ("scope", "sound", "doubt", "fracture"):
            rows.read_case(patient_ref=f"{priority} {name}", priority=priority, answer=READ_AS[name])
    for priority in ("routine", "urgent"):
        rows.new_case(patient_ref=f"{priority} none", priority=priority)


def names(selection: Selection, user_id: int = 0) -> list[str]:
    return [row.case.patient_ref for row in worklist(selection, user_id, None).page.items]


def lapse(case_id: uuid.UUID) -> None:
    with transaction() as session:
        then = database_now(session) - LAPSES_AFTER - timedelta(seconds=1)
        session.execute(update(Case).where(Case.id == case_id).values(claimed_at=then))


def claimer_of(case_id: uuid.UUID) -> int | None:
    db.session.rollback()
    claim = current_claim(db.session.get_one(Case, case_id, populate_existing=True))
    return claim.user_id if claim else None


def review(case_id: uuid.UUID, user: User) -> None:
    opinion = Opinion(True, True, finding_ids=current_findings(case_id))
    add_review(case_id, opinion, uuid.uuid4().hex, Actor(user.id))


def test_unread_urgent_and_broken_cases_stand_first(each_app: Flask) -> None:
    with each_app.app_context():
        add_one_of_each()
        verdicts = ("fracture", "doubt", "sound", "scope", "none")
        expected = [f"{priority} {name}" for priority in ("urgent", "routine") for name in verdicts]
        assert names(Selection()) == expected
        first = db.session.scalars(select(Case).where(Case.patient_ref == expected[0])).one()
        review(first.id, rows.new_user("reader"))
        assert names(Selection()) == expected[1:]
        assert names(Selection(shown="all")) == [*expected[1:], expected[0]]


def test_the_older_of_two_equal_cases_stands_first(each_app: Flask) -> None:
    with each_app.app_context():
        older, newer = rows.new_case(patient_ref="older"), rows.new_case(patient_ref="newer")
        for case, minutes in ((older, 5), (newer, 1)):
            with transaction() as session:
                then = utc_now() - timedelta(minutes=minutes)
                session.execute(update(Case).where(Case.id == case.id).values(created_at=then))
        assert names(Selection()) == ["older", "newer"]


def test_a_newer_verdict_moves_the_case(each_app: Flask) -> None:
    with each_app.app_context():
        rows.read_case(patient_ref="doubt", answer=READ_AS["doubt"])
        rows.ready_case(patient_ref="waits")
        assert names(Selection()) == ["doubt", "waits"]
        rows.read_all(READ_AS["fracture"])
        assert names(Selection()) == ["waits", "doubt"]


def test_a_case_without_a_usable_image_is_not_to_be_read(each_app: Flask) -> None:
    with each_app.app_context():
        rows.new_release()
        rows.new_case(files=[rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")])
        rows.new_case()
        assert len(names(Selection(shown="all"))) == 1
        (claim,) = images.claim_images(1, rows.TERMS)
        images.refuse(claim, "truncated", "The file ends too early.")
        assert names(Selection(shown="all")) == []


def test_of_readers_who_claim_at_once_one_wins(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        users = [rows.new_user("reader").id for _ in range(6)]
    gate, won = threading.Barrier(6), []

    def claim(user_id: int) -> None:
        with each_app.app_context():
            gate.wait()
            if claim_case(case_id, Actor(user_id)):
                won.append(user_id)

    side_by_side([(claim, user_id) for user_id in users])
    with each_app.app_context():
        assert won == [claimer_of(case_id)]
        assert db.session.scalars(select(Event.user_id).where(Event.action == "case.claimed")).all() == won


def test_readers_who_start_at_once_get_different_cases(each_app: Flask) -> None:
    with each_app.app_context():
        for _ in range(6):
            rows.new_case()
        users = [rows.new_user("reader").id for _ in range(6)]
    gate, given = threading.Barrier(6), []

    def start(user_id: int) -> None:
        with each_app.app_context():
            gate.wait()
            given.append(claim_first(Actor(user_id)))

    side_by_side([(start, user_id) for user_id in users])
    assert None not in given
    assert len(set(given)) == 6


def side_by_side(calls) -> None:
    threads = [threading.Thread(target=work, args=(argument,)) for work, argument in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_claim_lapses_and_another_reader_may_take_it(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva, tom = rows.new_case().id, rows.new_user("reader"), rows.new_user("reader")
        assert claim_case(case_id, Actor(eva.id))
        assert not claim_case(case_id, Actor(tom.id))
        lapse(case_id)
        assert claimer_of(case_id) is None
        assert claim_case(case_id, Actor(tom.id))
        assert not release_case(case_id, Actor(eva.id)), "a late release takes nothing from the next reader"
        assert claimer_of(case_id) == tom.id


def test_claiming_again_starts_the_time_anew(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.new_case().id, rows.new_user("reader")
        claim_case(case_id, Actor(eva.id))
        with transaction() as session:
            then = database_now(session) - LAPSES_AFTER + timedelta(minutes=1)
            session.execute(update(Case).values(claimed_at=then))
        assert claim_case(case_id, Actor(eva.id))
        db.session.rollback()
        claimed_at = db.session.scalars(select(Case.claimed_at)).one()
        assert claimed_at is not None
        assert claimed_at > then


def test_a_review_ends_the_reviewers_claim_and_no_others(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva, tom = rows.new_case().id, rows.new_user("reader"), rows.new_user("reader")
        claim_case(case_id, Actor(eva.id))
        review(case_id, tom)
        assert claimer_of(case_id) == eva.id
        review(case_id, eva)
        assert claimer_of(case_id) is None
        actions = db.session.scalars(select(Event.action).order_by(Event.id)).all()
        assert actions[-3:] == ["case.reviewed", "case.reviewed", "case.released"]


def test_the_way_leads_past_what_others_read_and_what_is_reviewed(each_app: Flask) -> None:
    with each_app.app_context():
        eva, tom = rows.new_user("reader"), rows.new_user("reader")
        cases = [rows.new_case(patient_ref=str(number)).id for number in range(5)]
        claim_case(cases[1], Actor(tom.id))
        review(cases[2], tom)
        claim_case(cases[3], Actor(eva.id))
        assert [neighbour(cases[0], eva.id), neighbour(cases[3], eva.id)] == [cases[3], cases[4]]
        assert neighbour(cases[2], eva.id, is_backwards=True) == cases[0]
        assert neighbour(cases[4], eva.id) == cases[0], "behind the last comes the first"
        assert neighbour(cases[0], eva.id, is_backwards=True) == cases[4]
        assert first_to_read(tom.id) == cases[0]


def test_there_is_no_way_from_the_only_case(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.new_case().id, rows.new_user("reader")
        assert neighbour(case_id, eva.id) is None
        review(case_id, eva)
        assert claim_first(Actor(eva.id)) is None


def test_the_index_serves_the_order(app: Flask) -> None:
    with app.app_context():
        query = READING_ORDER.sort(
            select(Case.id).where(Case.is_reviewed.is_(False), Case.reading_rank < 10), is_falling=False
        )
        plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled(query)}")).all()
        assert "ix_case_worklist" in str(plan)
        assert "TEMP B-TREE" not in str(plan)


def compiled(query) -> str:
    return str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))


def test_the_migration_ranks_the_cases_that_were_there(each_app: Flask) -> None:
    with each_app.app_context():
        add_one_of_each()
        rows.new_case(files=[rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")])
        review(rows.new_case().id, rows.new_user("reader"))
        asked = select(Case.id, Case.reading_rank, Case.is_reviewed).order_by(Case.id)
        before = db.session.execute(asked).all()
        db.session.rollback()
        downgrade(revision="0001")
        upgrade()
        assert db.session.execute(asked).all() == before
        assert len({row.reading_rank for row in before}) == 11
