"""Re-running and cancelling batches."""

from __future__ import annotations

import threading
import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.actions import batches, images, jobs
from portal.actions.events import Actor
from portal.actions.images import Decoded
from portal.actions.jobs import Result
from portal.db import db
from portal.errors import BadRequest, Conflict
from portal.models import Batch, Case, Finding, Image, Job
from portal.queries.cases import read_case as read_case_page
from tests.fixtures.moments import before_the_next_commit, start_and_see_it_wait
from tests.fixtures.rows import (
    DECODED,
    TERMS,
    finding,
    jobs_of,
    new_case,
    new_release,
    new_user,
    read_all,
    read_case,
    ready_case,
)


def upload_batch(case: Case) -> Batch:
    return db.session.scalars(select(Batch).where(Batch.case_id == case.id)).one()


def admin() -> Actor:
    return Actor(new_user("admin").id)


def test_rerun_adds_findings_beside_the_old_ones(each_app: Flask) -> None:
    with each_app.app_context():
        case = read_case(images_count=2, answer=finding(0.1, "no fracture"))
        newer = new_release("release-2", state="available")
        batches.rerun_batch(upload_batch(case).id, newer.id, "newer model", admin())
        assert db.session.get_one(Case, case.id, populate_existing=True).state == "waiting"
        assert read_all(finding(0.95, "fracture")) == 2
        case = db.session.get_one(Case, case.id, populate_existing=True)
        assert (case.state, case.verdict) == ("done", "fracture")
        verdicts = db.session.scalars(select(Finding.verdict).order_by(Finding.id)).all()
        assert verdicts == ["no fracture"] * 2 + ["fracture"] * 2


def test_second_equal_rerun_names_the_running_one(each_app: Flask) -> None:
    with each_app.app_context():
        case, release = read_case(), new_release("release-2", state="available")
        first = batches.rerun_batch(upload_batch(case).id, release.id, "", admin())
        with pytest.raises(Conflict) as conflict:
            batches.rerun_batch(upload_batch(case).id, release.id, "", admin())
        assert conflict.value.link_id == str(first.id)
        read_all()
        batches.rerun_batch(upload_batch(case).id, release.id, "", admin())
        assert len(jobs_of(case)) == 3


def test_two_admins_at_the_same_moment_start_one_rerun(each_app: Flask) -> None:
    with each_app.app_context():
        source, release_id = upload_batch(read_case()).id, new_release("release-2", state="available").id
        actor = admin()
    gate = threading.Barrier(6)
    outcomes = []

    def press() -> None:
        with each_app.app_context():
            gate.wait()
            try:
                batches.rerun_batch(source, release_id, "", actor)
                outcomes.append("started")
            except Conflict:
                outcomes.append("told so")

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["started"] + ["told so"] * 5


def test_cancelled_rerun_leaves_the_earlier_finding_standing(each_app: Flask) -> None:
    with each_app.app_context():
        case = read_case(answer=finding(0.1, "no fracture"))
        batch = batches.rerun_batch(upload_batch(case).id, new_release("r2", "available").id, "", admin())
        [claim] = jobs.claim_jobs(1, TERMS)
        assert batches.cancel_batch(batch.id, admin()) == 1
        assert jobs.finish([Result(claim, finding())]) == 0
        case = db.session.get_one(Case, case.id, populate_existing=True)
        assert (case.state, case.verdict) == ("done", "no fracture")


def test_cancelled_rerun_leaves_a_first_reading_that_waits(each_app: Flask) -> None:
    with each_app.app_context():
        new_release()
        case = ready_case()
        batch = batches.rerun_batch(upload_batch(case).id, new_release("r2", "available").id, "", admin())
        assert batches.cancel_batch(batch.id, admin()) == 1
        assert [job.state for job in jobs_of(case)] == ["queued", "cancelled"]
        assert db.session.get_one(Case, case.id, populate_existing=True).state == "waiting"
        [shown] = read_case_page(case.id).images
        assert shown.outcome == "waiting"
        read_all(finding(0.1, "no fracture"))
        assert db.session.get_one(Case, case.id, populate_existing=True).state == "done"


def cases_of(batch_id: uuid.UUID) -> list[str]:
    of_batch = select(Image.case_id).join(Job).where(Job.batch_id == batch_id)
    return sorted(db.session.scalars(select(Case.state).where(Case.id.in_(of_batch))))


def test_cancelled_rerun_of_many_is_settled_chunk_by_chunk(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNK", 2)
    with each_app.app_context():
        for count in (1, 2, 1, 3):
            read_case(images_count=count, answer=finding(0.1, "no fracture"))
        release, actor = new_release("r2", "available"), admin()
        batch_id = batches.rerun_selection(select(Case.id), "all", release.id, "", actor).id
        assert cases_of(batch_id) == ["waiting"] * 4
        assert batches.cancel_batch(batch_id, actor) == 7
        assert cases_of(batch_id) == ["done"] * 4
        assert batches.rerun_selection(select(Case.id), "all", release.id, "", actor)


def test_sweeper_settles_the_cases_of_a_rerun_whose_cancelling_was_cut_short(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNK", 2)
    with each_app.app_context():
        for _ in range(5):
            read_case(answer=finding(0.1, "no fracture"))
        release, actor = new_release("r2", "available"), admin()
        batch_id = batches.rerun_selection(select(Case.id), "all", release.id, "", actor).id
        with monkeypatch.context() as killed:
            killed.setattr(batches, "_catch_up", interrupted)
            with pytest.raises(KeyboardInterrupt):
                batches.cancel_batch(batch_id, actor)
        db.session.expire_all()
        assert cases_of(batch_id) == ["done"] * 2 + ["waiting"] * 3
        assert jobs.claim_jobs(5, TERMS) == []
        assert batches.close_finished() == 1
        assert cases_of(batch_id) == ["done"] * 5
        assert batches.close_finished() == 0


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_image_decoded_while_its_batch_is_cancelled_is_not_read(each_app: Flask) -> None:
    with each_app.app_context():
        new_release()
        case = new_case()
        [claim] = images.claim_images(1, TERMS)
        batch_id, actor = upload_batch(case).id, admin()

        def open_image() -> None:
            with each_app.app_context():
                images.accept(claim, Decoded(DECODED))

        opening = threading.Thread(target=open_image)
        with before_the_next_commit(lambda: start_and_see_it_wait(opening)):
            batches.cancel_batch(batch_id, actor)
        opening.join()
        assert [job.state for job in jobs_of(case)] == ["cancelled"]


def test_image_decoded_after_its_batch_was_cancelled_is_not_read(each_app: Flask) -> None:
    with each_app.app_context():
        new_release()
        case = new_case()
        [claim] = images.claim_images(1, TERMS)
        batches.cancel_batch(upload_batch(case).id, admin())
        images.accept(claim, Decoded(DECODED))
        assert [job.state for job in jobs_of(case)] == ["cancelled"]
        assert db.session.get_one(Case, case.id, populate_existing=True).state == "cancelled"


def test_selection_is_rerun_as_one_batch(each_app: Flask) -> None:
    with each_app.app_context():
        chosen = [read_case(body_part="wrist") for _ in range(3)]
        read_case(body_part="hip")
        wrists = select(Case.id).where(Case.body_part == "wrist")
        release = new_release("r2", "available")
        batch = batches.rerun_selection(wrists, "wrists", release.id, "", admin())
        count = db.session.scalar(select(func.count()).select_from(Job).where(Job.batch_id == batch.id))
        assert count == len(chosen)


def test_rerun_refuses_a_retired_release_and_an_empty_selection(each_app: Flask) -> None:
    with each_app.app_context():
        case = read_case()
        with pytest.raises(BadRequest, match="available"):
            batches.rerun_batch(upload_batch(case).id, new_release("old", "retired").id, "", admin())
        nothing = select(Case.id).where(Case.body_part == "no such part")
        release = new_release("r2", "available")
        with pytest.raises(BadRequest, match="Nothing to re-run"):
            batches.rerun_selection(nothing, "nothing", release.id, "", admin())
        assert db.session.scalar(select(func.count()).select_from(Batch).where(Batch.kind == "rerun")) == 0


def test_failed_reading_is_never_shown_as_no_fracture(each_app: Flask) -> None:
    with each_app.app_context():
        case = ready_case()
        [claim] = jobs.claim_jobs(1, TERMS)
        jobs.fail(claim, "The model gave no usable answer.")
        case = db.session.get_one(Case, case.id, populate_existing=True)
        assert (case.state, case.verdict) == ("failed", None)
