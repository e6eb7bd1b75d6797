"""Migration 0006: what was read before is counted as if it were read now, and older code goes on writing."""

from __future__ import annotations

import uuid

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import insert, inspect, literal, select

from portal.actions import jobs
from portal.actions.batches import rerun_selection
from portal.actions.events import Actor
from portal.db import db, transaction
from portal.models import Case
from tests.fixtures import rows

UNJUDGED = rows.finding(None, "out of scope")
SOUND = rows.finding(0.1, "no fracture")


def add_cases() -> None:
    """Two of three images out of scope; one that a second reading judged; one that it no longer judged."""
    mixed = rows.ready_case(images_count=3, patient_ref="two of three")
    for claim, answer in zip(jobs.claim_jobs(3, rows.TERMS), (UNJUDGED, SOUND, UNJUDGED), strict=True):
        jobs.finish([jobs.Result(claim, answer)])
    rows.read_case(patient_ref="judged later", answer=UNJUDGED)
    rows.read_case(patient_ref="judged before", answer=SOUND)
    rows.read_case(patient_ref="sound", answer=SOUND)
    for name, answer in (("judged later", SOUND), ("judged before", UNJUDGED)):
        again = select(Case.id).where(Case.patient_ref == name)
        rerun_selection(again, name, 1, "", Actor(mixed.uploaded_by_id))
        rows.read_all(answer)
    waiting = select(Case.id).where(Case.patient_ref == "judged before")
    rerun_selection(waiting, "again", 1, "", Actor(mixed.uploaded_by_id))


def counts() -> dict[str, int]:
    db.session.rollback()
    query = select(Case.patient_ref, Case.out_of_scope_count)
    found = {case.patient_ref: case.out_of_scope_count for case in db.session.execute(query)}
    db.session.rollback()
    return found


def test_cases_read_before_are_counted_as_new_ones_are(each_app: Flask) -> None:
    with each_app.app_context():
        add_cases()
        before = counts()
        downgrade(revision="0005")
        assert "out_of_scope_count" not in {
            column["name"] for column in inspect(db.engine).get_columns("case")
        }
        upgrade()
        assert counts() == before == {
            "two of three": 2, "judged later": 0, "judged before": 1, "sound": 0,
        }  # fmt: skip


def test_code_that_ran_before_goes_on_adding_cases(each_app: Flask) -> None:
    """It knows all columns but the new one; here it copies a case under another id."""
    with each_app.app_context():
        rows.new_case(patient_ref="first")
        own = {"id": literal(uuid.uuid4(), Case.id.type), "patient_ref": literal("older"),
               "submission_key": literal("older")}  # fmt: skip
        known = [column for column in Case.__table__.columns if column.name != "out_of_scope_count"]
        copied = select(*(own.get(column.name, column) for column in known))
        names = [column.name for column in known]
        with transaction() as session:
            session.execute(insert(Case).from_select(names, copied, include_defaults=False))
        assert counts() == {"first": 0, "older": 0}
