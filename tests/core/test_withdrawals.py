"""Withdrawing and restoring a case: what becomes of its readings, and who may."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from portal.actions import batches, images, jobs
from portal.actions.case_claims import claim_case
from portal.actions.cases import CaseForm
from portal.actions.chosen_cases import claim_chosen, prioritise_chosen
from portal.actions.corrections import correct_case
from portal.actions.events import Actor
from portal.actions.images import Decoded
from portal.actions.jobs import Result
from portal.actions.reviews import Opinion, add_review
from portal.actions.withdrawals import restore_case, withdraw_case
from portal.db import db, transaction
from portal.errors import BadRequest, NotAllowed, NotFound
from portal.models import Batch, Case, Event, Job, Withdrawal
from portal.models.cases import WITHDRAWN
from tests.fixtures import rows
from tests.fixtures.moments import before_the_next_commit, start_and_see_it_wait


def withdraw(case_id: uuid.UUID, user_id: int | None = None, note: str = "") -> bool:
    return withdraw_case(case_id, "uploaded twice", note, Actor(user_id or rows.new_user().id))


def restore(case_id: uuid.UUID, user_id: int) -> bool:
    return restore_case(case_id, Actor(user_id))


def fresh(case_id: uuid.UUID) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case_id, populate_existing=True)


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def states(case_id: uuid.UUID) -> list[tuple[str, str | None]]:
    return [(job.state, job.problem) for job in rows.jobs_of(fresh(case_id))]


def rerun(*case_ids: uuid.UUID) -> Batch:
    release_id = db.session.scalars(select(Job.release_id)).first()
    assert release_id
    cases = select(Case.id).where(Case.id.in_(case_ids))
    return batches.rerun_selection(
        cases, uuid.uuid4().hex, release_id, "again", Actor(rows.new_user("admin").id)
    )


def test_who_withdrew_it_when_and_why_is_kept(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case().id, rows.new_user().id
        assert withdraw(case_id, eva, note="CANARY was sent again")
        [kept] = db.session.scalars(select(Withdrawal))
        assert (kept.case_id, kept.reason, kept.withdrawn_by_id) == (case_id, "uploaded twice", eva)
        assert kept.note == "CANARY was sent again"
        assert fresh(case_id).withdrawn_at == kept.withdrawn_at
        [told] = db.session.scalars(select(Event).where(Event.action == "case.withdrawn"))
        assert (told.user_id, told.detail) == (eva, {"reason": "uploaded twice", "jobs": 0})


def test_what_waits_and_what_is_being_read_is_cancelled(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, other_id = rows.ready_case(images_count=2).id, rows.ready_case().id
        [running] = jobs.claim_jobs(1, rows.TERMS)
        withdraw(case_id)
        assert states(case_id) == [("cancelled", "The case was withdrawn.")] * 2
        assert states(other_id) == [("queued", None)]
        assert jobs.finish([Result(running, rows.finding())]) == 0, "its worker writes nothing any more"
        assert (fresh(case_id).state, fresh(case_id).verdict) == ("cancelled", None)


def test_an_image_that_is_opened_later_is_not_read(each_app: Flask) -> None:
    with each_app.app_context():
        rows.new_release()
        case_id = rows.new_case().id
        withdraw(case_id)
        assert fresh(case_id).state == "cancelled", "it waits for nothing"
        [claim] = images.claim_images(1, rows.TERMS)
        assert images.accept(claim, Decoded(rows.DECODED))
        assert states(case_id) == [("cancelled", "The case was withdrawn.")]
        assert fresh(case_id).reading_rank == WITHDRAWN


def test_a_withdrawal_waits_for_an_image_that_is_just_being_made_ready(each_app: Flask) -> None:
    with each_app.app_context():
        rows.new_release()
        case_id, eva = rows.new_case().id, rows.new_user().id
        [claim] = images.claim_images(1, rows.TERMS)
        other = threading.Thread(
            target=in_app(each_app), args=(withdraw_case, case_id, "test", "", Actor(eva))
        )
        with before_the_next_commit(lambda: start_and_see_it_wait(other)):
            images.accept(claim, Decoded(rows.DECODED))
        other.join()
        assert states(case_id) == [("cancelled", "The case was withdrawn.")]


def test_a_rerun_that_starts_meanwhile_leaves_the_case_out(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, other_id = rows.read_case().id, rows.read_case().id
        eva, admin = rows.new_user().id, rows.new_user("admin").id
        both = select(Case.id).where(Case.id.in_([case_id, other_id]))
        other = threading.Thread(
            target=in_app(each_app), args=(batches.rerun_selection, both, "both", 1, "again", Actor(admin))
        )
        with before_the_next_commit(lambda: start_and_see_it_wait(other)):
            withdraw(case_id, eva)
        other.join()
        assert [state for state, _ in states(case_id)] == ["done"]
        assert [state for state, _ in states(other_id)] == ["done", "queued"]
        assert (fresh(case_id).state, fresh(other_id).state) == ("done", "waiting")


def test_a_withdrawal_waits_for_a_rerun_that_is_just_being_started(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case().id, rows.new_user().id
        admin = Actor(rows.new_user("admin").id)
        other = threading.Thread(
            target=in_app(each_app), args=(withdraw_case, case_id, "test", "", Actor(eva))
        )
        with before_the_next_commit(lambda: start_and_see_it_wait(other)):
            batches.rerun_selection(select(Case.id).where(Case.id == case_id), "one", 1, "again", admin)
        other.join()
        assert [state for state, _ in states(case_id)] == ["done", "cancelled"]


def in_app(app: Flask) -> Callable[..., None]:
    """Calls what it is given inside the application."""

    def call(act: Callable[..., object], *arguments: object) -> None:
        with app.app_context():
            act(*arguments)

    return call


def test_a_rerun_passes_it_over(each_app: Flask) -> None:
    with each_app.app_context():
        gone, kept = rows.read_case().id, rows.read_case().id
        withdraw(gone)
        rerun(gone, kept)
        assert [state for state, _ in states(gone)] == ["done"]
        assert [state for state, _ in states(kept)] == ["done", "queued"]
        with pytest.raises(BadRequest, match="Nothing to re-run"):
            rerun(gone)


def test_of_two_who_withdraw_at_the_same_moment_one_did(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, people = rows.ready_case(images_count=2).id, [rows.new_user().id for _ in range(5)]
    gate = threading.Barrier(len(people))
    outcomes: list[bool] = []

    def act(user_id: int) -> None:
        with each_app.app_context():
            gate.wait()
            outcomes.append(withdraw(case_id, user_id))

    threads = [threading.Thread(target=act, args=(user_id,)) for user_id in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 4 + [True]
    with each_app.app_context():
        assert count(Withdrawal) == 1


def test_it_takes_no_review_no_correction_and_no_reader(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case().id, Actor(rows.new_user("reader").id)
        assert claim_case(case_id, eva)
        withdraw(case_id)
        assert fresh(case_id).claimed_by_id is None
        assert not claim_case(case_id, eva)
        with pytest.raises(BadRequest, match="withdrawn"):
            add_review(case_id, Opinion(True, True), "key", eva)
        with pytest.raises(BadRequest, match="withdrawn"):
            correct_case(case_id, CaseForm("P-2", "", "hand", "", "routine"), 0, eva)
        for outcome in (claim_chosen([case_id], eva), prioritise_chosen([case_id], eva, "urgent")):
            assert (outcome.changed, outcome.left) == (0, {"withdrawn": 1})
        assert (fresh(case_id).patient_ref, fresh(case_id).priority) == ("P-1", "routine")


@pytest.mark.parametrize("who", ["who withdrew it", "an admin"])
def test_it_is_restored_and_read_after_all(each_app: Flask, who: str) -> None:
    with each_app.app_context():
        case_id, eva, tom = rows.ready_case().id, rows.new_user().id, rows.new_user("admin").id
        before = fresh(case_id).reading_rank
        withdraw(case_id, eva)
        assert restore(case_id, eva if who == "who withdrew it" else tom)
        case = fresh(case_id)
        assert (case.withdrawn_at, case.state, case.reading_rank) == (None, "waiting", before)
        assert states(case_id) == [("queued", None)]
        assert rows.read_all() == 1
        assert fresh(case_id).verdict == "fracture"
        [kept] = db.session.scalars(select(Withdrawal))
        assert kept.restored_at, "that it was withdrawn stays"
        assert not restore(case_id, tom)
        assert withdraw(case_id, eva), "and it can be withdrawn again"
        assert count(Withdrawal) == 2


def test_nobody_else_restores_it(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.read_case().id
        withdraw(case_id)
        with pytest.raises(NotAllowed, match="Only who withdrew this case, or an admin"):
            restore(case_id, rows.new_user("reader").id)
        assert fresh(case_id).withdrawn_at


def test_what_its_batch_cancelled_stays_cancelled(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.read_case().id, rows.new_user().id
        batch_id = rerun(case_id).id
        batches.cancel_batch(batch_id, Actor(rows.new_user("admin").id))
        withdraw(case_id, eva)
        restore(case_id, eva)
        assert states(case_id) == [("done", None), ("cancelled", "The batch was cancelled.")]
        rerun(case_id)
        withdraw(case_id, eva)
        [batch_id] = db.session.scalars(select(Batch.id).where(Batch.open_key.is_not(None)))
        batches.cancel_batch(batch_id, Actor(rows.new_user("admin").id))
        restore(case_id, eva)
        assert states(case_id)[-1] == ("cancelled", "The case was withdrawn.")


def test_a_case_that_is_not_there_is_not_found(each_app: Flask) -> None:
    with each_app.app_context():
        for act in (withdraw, restore):
            with pytest.raises(NotFound):
                act(uuid.uuid4(), rows.new_user().id)


def test_cases_and_trail_of_before_outlive_the_migration(each_app: Flask) -> None:
    with each_app.app_context():
        gone = [
            rows.read_case(patient_ref=f"P-{number}", priority=priority, answer=answer).id
            for number, (priority, answer) in enumerate(
                [("urgent", rows.finding()), ("routine", rows.finding(None, "out of scope"))]
            )
        ]
        gone.append(rows.ready_case(patient_ref="P-waits").id)
        before = [fresh(case_id).reading_rank for case_id in gone]
        for case_id in gone:
            withdraw(case_id)
        trail = count(Event)
        db.session.rollback()
        downgrade(revision="0012")
        ranked = db.session.execute(text('SELECT patient_ref, reading_rank FROM "case"'))
        ranks: dict[str, int] = dict(map(tuple, ranked))
        db.session.rollback()
        assert [ranks[name] for name in ("P-0", "P-1", "P-waits")] == before
        upgrade()
        assert [fresh(case_id).withdrawn_at for case_id in gone] == [None] * 3
        assert count(Event) == trail
        with pytest.raises(DatabaseError, match="append-only"), transaction() as session:
            session.execute(text("DELETE FROM event"))
