"""Every page that reads answers on SQLite and on PostgreSQL alike, with something of each kind on it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import jobs
from portal.actions.batches import rerun_batch
from portal.actions.events import Actor
from portal.actions.reviews import Opinion, add_review
from portal.db import db
from portal.models import Batch
from portal.queries.findings import current_findings
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in


@pytest.fixture
def admin(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "admin"))


def test_every_page_answers_on_both_databases(each_app: Flask, admin: Person) -> None:
    with each_app.app_context():
        same_file = rows.received_file("same.png", b"same")
        first = rows.new_case(files=[same_file, same_file]).id
        again = rows.new_case(files=[same_file]).id
        rows.ready_case(images_count=2)
        rows.read_all()
        rows.ready_case()
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.fail(claim, "The stored image cannot be read.")
        waiting, received = rows.ready_case().id, rows.new_case(priority="urgent").id
        opinion = Opinion(True, True, finding_ids=current_findings(first))
        add_review(first, opinion, "key", Actor(admin.user_id))
        release_id = rows.new_release("release-2", "available").id
        upload = db.session.scalars(select(Batch.id).where(Batch.case_id == first)).one()
        rerun = rerun_batch(upload, release_id, "newer", Actor(admin.user_id)).id
    cases = [
        f"/cases/{case}{end}" for case in (first, again, waiting, received) for end in ("", "/live", ".json")
    ]
    forms = [f"/cases/{first}/{act}" for act in ("correct", "withdraw")]
    batches = [f"/batches/{batch}{end}" for batch in (upload, rerun) for end in ("", "/live")]
    lists = [
        "/",
        "/dashboard/live",
        "/history",
        "/worklist",
        "/worklist?show=mine&verdict=none+yet&priority=urgent&part=hand",
        "/worklist/live?show=all",
        "/batches",
        "/batches?kind=rerun",
        "/users",
        "/events",
        "/releases",
        f"/releases/{release_id}",
    ]
    for path in [
        *cases,
        *forms,
        *batches,
        *lists,
        "/history?state=withdrawn",
        "/history/rerun?verdict=fracture",
        "/cases/new",
        "/help",
    ]:
        assert admin.get(path).status_code == 200, path
    assert "Same file as in case" in admin.get(f"/cases/{again}").text
    assert admin.get("/health").status_code == 503, "no worker was seen"
