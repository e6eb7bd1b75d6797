"""Claiming jobs and images: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.actions import images, jobs
from portal.actions.claims import Claim, Terms
from portal.actions.jobs import Result
from portal.clock import database_now
from portal.db import db, transaction
from portal.models import Finding, Image, Job
from portal.queries import work
from tests.fixtures.rows import TERMS, finding, jobs_of, new_case, new_release, read_all, ready_case

OTHER = Terms("another-worker", lease_s=30, deadline_s=120)


def let_leases_pass() -> None:
    with transaction() as session:
        past = database_now(session) - timedelta(seconds=1)
        session.execute(update(Job).where(Job.lease_until.is_not(None)).values(lease_until=past))
        session.execute(update(Image).where(Image.lease_until.is_not(None)).values(lease_until=past))


def test_second_worker_cannot_claim_a_claimed_job(each_app: Flask) -> None:
    with each_app.app_context():
        ready_case()
        assert len(jobs.claim_jobs(5, TERMS)) == 1
        assert jobs.claim_jobs(5, OTHER) == []


def test_urgent_comes_before_routine_and_old_before_new(each_app: Flask) -> None:
    with each_app.app_context():
        first, second = ready_case(), ready_case()
        urgent = ready_case(priority="urgent")
        order = [jobs.claim_jobs(1, TERMS)[0].id for _ in range(3)]
        assert order == [jobs_of(case)[0].id for case in (urgent, first, second)]


def test_claims_hold_jobs_of_one_release_only(each_app: Flask) -> None:
    with each_app.app_context():
        ready_case(images_count=2)
        new = new_release("release-2", state="available")
        last = ready_case()
        with transaction() as session:
            session.execute(update(Job).where(Job.id == jobs_of(last)[0].id).values(release_id=new.id))
        assert len(jobs.claim_jobs(10, TERMS)) == 2
        assert [claim.id for claim in jobs.claim_jobs(10, TERMS)] == [jobs_of(last)[0].id]


def test_jobs_of_a_damaged_release_stay_queued(each_app: Flask) -> None:
    with each_app.app_context():
        job = jobs_of(ready_case())[0]
        assert jobs.claim_jobs(10, TERMS, unusable_releases=[job.release_id]) == []
        assert jobs_of_state("queued") == 1


def test_late_worker_cannot_overwrite_the_finding_of_its_successor(each_app: Flask) -> None:
    with each_app.app_context():
        case = ready_case()
        [late] = jobs.claim_jobs(1, TERMS)
        let_leases_pass()
        jobs.free_expired(3, TERMS.lease_s)
        [current] = jobs.claim_jobs(1, OTHER)
        assert jobs.finish([Result(current, finding(0.9, "fracture"))]) == 1
        assert jobs.finish([Result(late, finding(0.1, "no fracture"))]) == 0
        assert db.session.scalars(select(Finding.verdict)).all() == ["fracture"]
        assert jobs_of(case)[0].state == "done"


def test_finishing_twice_writes_one_finding(each_app: Flask) -> None:
    with each_app.app_context():
        ready_case()
        [claim] = jobs.claim_jobs(1, TERMS)
        assert [jobs.finish([Result(claim, finding())]) for _ in range(2)] == [1, 0]
        assert db.session.scalar(select(func.count()).select_from(Finding)) == 1


def test_job_is_quarantined_after_its_last_try(each_app: Flask) -> None:
    with each_app.app_context():
        case = ready_case()
        for _ in range(3):
            assert jobs.claim_jobs(1, TERMS)
            let_leases_pass()
            jobs.free_expired(3, TERMS.lease_s)
        [job] = jobs_of(case)
        assert (job.state, job.attempts) == ("quarantined", 3)
        assert "3 times" in (job.problem or "")
        db.session.refresh(case)
        assert case.state == "failed"


def test_lease_is_renewed_but_the_deadline_is_not(each_app: Flask) -> None:
    with each_app.app_context():
        case = ready_case()
        claims = jobs.claim_jobs(1, TERMS)
        before = jobs_of(case)[0]
        deadline, lease = before.deadline_at, before.lease_until
        assert jobs.renew(claims, TERMS) == claims
        after = jobs_of(case)[0]
        assert after.deadline_at == deadline
        assert lease is not None
        assert after.lease_until is not None
        assert after.lease_until >= lease


def test_claim_past_its_deadline_is_not_renewed(each_app: Flask) -> None:
    with each_app.app_context():
        ready_case()
        claims = jobs.claim_jobs(1, TERMS)
        with transaction() as session:
            session.execute(update(Job).values(deadline_at=database_now(session) - timedelta(seconds=1)))
        assert jobs.renew(claims, TERMS) == []
        assert jobs.free_expired(3, TERMS.lease_s) == (1, 0)


def test_claims_of_a_clock_that_was_set_back_are_freed(each_app: Flask) -> None:
    with each_app.app_context():
        case = ready_case()
        received = new_case()
        jobs.claim_jobs(1, TERMS)
        images.claim_images(1, TERMS)
        assert jobs.free_expired(3, TERMS.lease_s) == (0, 0)
        with transaction() as session:
            later = database_now(session) + timedelta(hours=1)
            for model in (Job, Image):
                session.execute(update(model).values(lease_until=later, deadline_at=later))
        assert jobs.free_expired(3, TERMS.lease_s) == (1, 0)
        assert jobs_of(case)[0].state == "queued"
        assert work.is_image_due(TERMS.lease_s)
        [claim] = images.claim_images(2, TERMS)
        assert claim.id in [image.id for image in received.images]


def test_put_back_counts_the_try_unless_the_worker_was_at_fault(each_app: Flask) -> None:
    with each_app.app_context():
        case = ready_case()
        jobs.put_back(jobs.claim_jobs(1, TERMS), 3, is_worker_at_fault=True)
        assert (jobs_of(case)[0].state, jobs_of(case)[0].attempts) == ("queued", 0)
        jobs.put_back(jobs.claim_jobs(1, TERMS), 3)
        assert (jobs_of(case)[0].state, jobs_of(case)[0].attempts) == ("queued", 1)
        jobs.put_back(jobs.claim_jobs(1, TERMS), 2)
        assert jobs_of(case)[0].state == "quarantined"


def test_images_wait_while_no_release_is_active(each_app: Flask) -> None:
    with each_app.app_context():
        new_case()
        assert images.claim_images(5, TERMS) == []
        new_release()
        assert len(images.claim_images(5, TERMS)) == 1


def test_image_that_kills_its_worker_each_time_is_refused(each_app: Flask) -> None:
    with each_app.app_context():
        new_release()
        case = new_case()
        for _ in range(3):
            assert images.claim_images(1, TERMS)
            let_leases_pass()
        assert images.claim_images(1, TERMS) == []
        assert images.refuse_worn_out(3, TERMS.lease_s) == 1
        db.session.refresh(case)
        assert case.state == "refused"


@pytest.mark.parametrize("workers", [8])
def test_workers_side_by_side_share_the_queue_without_overlap(each_app: Flask, workers: int) -> None:
    with each_app.app_context():
        ready_case(images_count=20)
        ready_case(images_count=20)
    taken: list[Claim] = []
    gate = threading.Barrier(workers)

    def work() -> None:
        with each_app.app_context():
            gate.wait()
            while claims := jobs.claim_jobs(3, TERMS):
                taken.extend(claims)
                jobs.finish([Result(claim, finding()) for claim in claims])

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len({claim.id for claim in taken}) == 40
    with each_app.app_context():
        assert jobs_of_state("done") == 40


def test_finished_cases_are_done_and_carry_the_most_severe_verdict(each_app: Flask) -> None:
    with each_app.app_context():
        case = ready_case(images_count=3)
        claims = jobs.claim_jobs(3, TERMS)
        answers = [finding(0.1, "no fracture"), finding(0.9, "fracture"), finding(None, "out of scope")]
        jobs.finish([Result(claim, answer) for claim, answer in zip(claims, answers, strict=True)])
        db.session.refresh(case)
        assert (case.state, case.verdict) == ("done", "fracture")
        assert read_all() == 0


def jobs_of_state(state: str) -> int:
    return db.session.scalar(select(func.count()).select_from(Job).where(Job.state == state)) or 0
