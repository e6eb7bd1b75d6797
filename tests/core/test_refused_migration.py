"""Migration 0008: images that were refused before are counted as if they were refused now."""

from __future__ import annotations

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select

from portal.db import db
from portal.models import Case
from tests.fixtures import rows


def counts() -> dict[str, int]:
    db.session.rollback()
    query = select(Case.patient_ref, Case.refused_count)
    found = {case.patient_ref: case.refused_count for case in db.session.execute(query)}
    db.session.rollback()
    return found


def test_images_refused_before_are_counted_as_new_ones_are(each_app: Flask) -> None:
    refused = [
        rows.received_file(kind="", refusal_code="empty", refusal_reason="The file is empty.") for _ in "12"
    ]
    with each_app.app_context():
        rows.new_release()
        rows.new_case(files=refused, patient_ref="all")
        rows.new_case(files=[*refused[:1], rows.received_file()], patient_ref="half")
        rows.read_case(patient_ref="none")
        before = counts()
        downgrade(revision="0007")
        assert "refused_count" not in {column["name"] for column in inspect(db.engine).get_columns("case")}
        upgrade()
        assert counts() == before == {"all": 2, "half": 1, "none": 0}
