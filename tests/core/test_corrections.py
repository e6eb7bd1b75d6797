"""Correcting what was said of a case: by one person after the other, and what follows from it."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import DatabaseError

from portal.actions.cases import CaseForm
from portal.actions.chosen_cases import prioritise_chosen
from portal.actions.corrections import correct_case
from portal.actions.events import SYSTEM, Actor, note
from portal.db import db, transaction
from portal.errors import Conflict, NotFound
from portal.models import Case, Correction, Event
from portal.queries.corrections import corrections_of, details_at
from portal.queries.history import Selection, history
from portal.queries.worklist import Selection as Worklist
from portal.queries.worklist import worklist
from tests.fixtures import rows
from tests.fixtures.moments import before_the_next_commit, start_and_see_it_wait

FORM = CaseForm("P-1", "", "hand", "", "routine")
"""As `rows.new_case` has it."""


def correct(case_id: uuid.UUID, version: int = 0, user_id: int | None = None, **changes: Any) -> Any:
    actor = Actor(user_id or rows.new_user().id)
    return correct_case(case_id, replace(FORM, **changes), version, actor)


def fresh(case_id: uuid.UUID) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case_id, populate_existing=True)


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_correction_keeps_what_was_said_before_and_by_whom(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.new_case().id, rows.new_user()
        assert correct(case_id, 0, eva.id, patient_ref="P-2", notes="fell") == ("patient_ref", "notes")
        case = fresh(case_id)
        assert (case.patient_ref, case.notes, case.body_part, case.version) == ("P-2", "fell", "hand", 1)
        [kept] = corrections_of(case_id)
        assert (kept.before, kept.corrected_by.username) == (
            {"patient_ref": "P-1", "notes": ""},
            eva.username,
        )


def test_the_audit_trail_names_the_fields_and_no_patient(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.new_case(patient_ref="CANARY-1").id, rows.new_user().id
        correct(case_id, 0, eva, patient_ref="CANARY-2", accession="CANARY-3", notes="CANARY-4")
        [told] = db.session.scalars(select(Event).where(Event.action == "case.corrected"))
        assert (told.user_id, told.subject_id) == (eva, str(case_id))
        assert told.detail == {"fields": ["patient_ref", "accession", "notes"]}
        trail = db.session.scalars(select(Event))
        assert "CANARY" not in str([(event.detail, event.subject_id, event.action) for event in trail])


def test_the_same_correction_sent_twice_is_one(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        assert correct(case_id, patient_ref="P-2") == ("patient_ref",)
        assert correct(case_id, patient_ref="P-2") == ()
        assert (fresh(case_id).version, count(Correction)) == (1, 1)


def test_who_saw_an_older_version_changes_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        correct(case_id, patient_ref="P-2")
        with pytest.raises(Conflict, match="Someone else changed"):
            correct(case_id, patient_ref="P-3", priority="urgent")
        assert (fresh(case_id).patient_ref, count(Correction)) == ("P-2", 1)
        [image] = rows.images_of(fresh(case_id))
        assert image.rank == 1, "nothing of it was written"
        correct(case_id, 1, patient_ref="P-3")
        assert fresh(case_id).patient_ref == "P-3"


def test_a_priority_set_in_the_worklist_is_not_taken_back_unawares(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        prioritise_chosen([case_id], Actor(rows.new_user("reader").id), "urgent")
        with pytest.raises(Conflict):
            correct(case_id, patient_ref="P-2")
        assert fresh(case_id).priority == "urgent"
        assert details_at(fresh(case_id), 0)["priority"] == "routine"
        [kept] = corrections_of(case_id)
        assert kept.before == {"priority": "routine"}


def test_a_case_that_is_not_there_cannot_be_corrected(each_app: Flask) -> None:
    with each_app.app_context(), pytest.raises(NotFound):
        correct(uuid.uuid4(), patient_ref="P-2")


def test_of_two_who_save_at_the_same_moment_one_is_told(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, people = rows.ready_case(images_count=3).id, [rows.new_user().id for _ in range(6)]
    gate = threading.Barrier(len(people))
    outcomes: list[int | None] = []

    def save(user_id: int) -> None:
        with each_app.app_context():
            gate.wait()
            try:
                correct(case_id, 0, user_id, patient_ref=f"P-of-{user_id}")
                outcomes.append(user_id)
            except Conflict:
                outcomes.append(None)

    threads = [threading.Thread(target=save, args=(user_id,)) for user_id in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [user_id for user_id in outcomes if user_id]
    assert len(outcomes) == len(people)
    with each_app.app_context():
        assert (fresh(case_id).patient_ref, fresh(case_id).version) == (f"P-of-{winner}", 1)
        assert count(Correction) == 1


def test_who_comes_while_another_one_saves_waits_and_is_told(each_app: Flask) -> None:
    outcomes: list[str] = []

    def save() -> None:
        with each_app.app_context():
            try:
                correct_case(case_id, replace(FORM, body_part="wrist"), 0, Actor(eva))
                outcomes.append("saved")
            except Conflict:
                outcomes.append("refused")

    with each_app.app_context():
        case_id, eva, tom = rows.new_case().id, rows.new_user().id, rows.new_user().id
        other = threading.Thread(target=save)
        with before_the_next_commit(lambda: start_and_see_it_wait(other)):
            correct_case(case_id, replace(FORM, body_part="elbow"), 0, Actor(tom))
        other.join()
        assert outcomes == ["refused"]
        assert fresh(case_id).body_part == "elbow"


def test_searches_and_filters_find_the_case_by_what_is_right(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.read_case(patient_ref="Wrong-7", accession="A-7").id
        correct(case_id, patient_ref="Right-8", accession="B-8", body_part="left ankle")
        for selection, is_found in (
            (Selection(search_text="wrong"), False),
            (Selection(search_text="right"), True),
            (Selection(search_text="a-7"), False),
            (Selection(search_text="b-8"), True),
            (Selection(part="hand"), False),
            (Selection(part="ankle"), True),
        ):
            assert bool(history(selection, "newest", None).page.items) == is_found, selection


def test_a_case_that_becomes_urgent_goes_before_the_others(each_app: Flask) -> None:
    with each_app.app_context():
        first, second = rows.ready_case(patient_ref="P-1").id, rows.ready_case(patient_ref="P-2").id
        correct(second, patient_ref="P-2", priority="urgent")
        [image], [job] = rows.images_of(fresh(second)), rows.jobs_of(fresh(second))
        assert (image.rank, job.rank) == (0, 0)
        reader = rows.new_user("reader").id
        assert [row.case.id for row in worklist(Worklist(), reader, None).page.items] == [second, first]


def test_what_a_page_showed_is_known_from_its_version(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
        correct(case_id, 0, patient_ref="P-2")
        correct(case_id, 1, patient_ref="P-3", body_part="wrist")
        seen = [details_at(fresh(case_id), version) for version in range(3)]
        assert [shown["patient_ref"] for shown in seen] == ["P-1", "P-2", "P-3"]
        assert [shown["body_part"] for shown in seen] == ["hand", "hand", "wrist"]


def test_cases_and_trail_of_before_outlive_the_migration(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.read_case(images_count=2).id
        correct(case_id, patient_ref="P-2")
        note(SYSTEM, "case.viewed", "case", case_id)
        trail = count(Event)
        db.session.rollback()
        downgrade(revision="0011")
        assert "correction" not in inspect(db.engine).get_table_names()
        upgrade()
        case = fresh(case_id)
        assert (case.patient_ref, case.version, count(Event)) == ("P-2", 0, trail)
        assert not any(image.is_to_compare for image in rows.images_of(case))
        with pytest.raises(DatabaseError, match="append-only"), transaction() as session:
            session.execute(text("DELETE FROM event"))
