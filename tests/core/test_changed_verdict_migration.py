"""Migration 0007: answers that re-runs overturned before are told, and older code goes on writing."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select

from portal.actions.batches import rerun_selection
from portal.actions.events import Actor
from portal.actions.reviews import Opinion, add_review
from portal.db import db
from portal.models import Case
from portal.queries.findings import current_findings
from tests.fixtures import rows

READINGS = {
    "fracture": rows.finding(0.9, "fracture"),
    "doubt": rows.finding(0.5, "doubt"),
    "no fracture": rows.finding(0.1, "no fracture"),
}
CASES = {
    "known": ("fracture", False, None, "known"),
    "agreed": ("fracture", True, None, None),
    "fracture after no": ("no fracture", False, "fracture", "new"),
    "doubt after no": ("no fracture", False, "doubt", "new"),
    "doubt after yes": ("fracture", True, "doubt", "new"),
    "fracture again": ("fracture", False, "fracture", "known"),
    "less": ("fracture", False, "doubt", None),
    "unsure": ("no fracture", None, "fracture", None),
}
"""Per patient reference: the first verdict, the answer, the verdict of the re-run, and how they differ."""


def add_cases() -> None:
    reader = Actor(rows.new_user("reader").id)
    for name, (verdict, answer, _, _) in CASES.items():
        case = rows.read_case(patient_ref=name, answer=READINGS[verdict])
        add_review(case.id, Opinion(answer, True, finding_ids=current_findings(case.id)), name, reader)
    for name, (_, _, later, _) in CASES.items():
        if later:
            rerun_selection(select(Case.id).where(Case.patient_ref == name), name, 1, "", reader)
            rows.read_all(READINGS[later])


def column(name: str) -> dict[str, Any]:
    db.session.rollback()
    query = select(Case).execution_options(populate_existing=True)
    found = {case.patient_ref: getattr(case, name) for case in db.session.scalars(query)}
    db.session.rollback()
    return found


def test_answers_that_were_overturned_before_are_told_as_new_ones_are(each_app: Flask) -> None:
    with each_app.app_context():
        add_cases()
        meant = {name: differs for name, (*_, differs) in CASES.items()}
        assert column("differs") == meant
        downgrade(revision="0006")
        names = {found["name"] for found in inspect(db.engine).get_columns("case")}
        assert not names & {"differs", "verdict_before", "changed_by_id"}
        upgrade()
        assert column("differs") == meant
        assert set(column("verdict_before").values()) == {None}
