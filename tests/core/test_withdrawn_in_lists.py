"""Whatever a list is narrowed to, it has no withdrawn case, unless just these are asked for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import batches, images, jobs
from portal.actions.events import Actor
from portal.actions.images import Decoded
from portal.actions.reviews import Opinion, add_review
from portal.actions.withdrawals import withdraw_case
from portal.db import db
from portal.models import VERDICTS, Batch, Case, User
from portal.models.cases import CASE_STATES, PRIORITIES
from portal.queries import history as of_history
from portal.queries import worklist as of_worklist
from portal.queries.batches import changes_by, newest_cases_of
from portal.queries.dashboard import dashboard_of
from portal.queries.disagreement import KNOWN, NEW
from portal.queries.findings import current_findings
from portal.queries.history import count_images_of, count_selected
from portal.queries.next_cases import first_to_read, neighbour
from tests.fixtures import rows

REFUSED: dict[str, Any] = {"kind": "", "refusal_code": "empty", "refusal_reason": "The file is empty."}


def overturned(name: str, user: User, reader: Actor) -> None:
    """Read as a fracture, so answered, and read as none since."""
    case = rows.read_case(user=user, patient_ref=name, priority="urgent")
    add_review(case.id, Opinion(True, True, finding_ids=current_findings(case.id)), name, reader)


def known_to_differ(name: str, user: User, reader: Actor) -> None:
    case = rows.read_case(user=user, patient_ref=name)
    add_review(case.id, Opinion(False, False, finding_ids=current_findings(case.id)), name, reader)


def mixed(name: str, user: User, reader: Actor) -> None:
    """One image out of scope, one refused."""
    files = [rows.received_file(), rows.received_file(**REFUSED)]
    rows.new_case(user=user, patient_ref=name, files=files)
    [claim] = images.claim_images(1, rows.TERMS)
    images.accept(claim, Decoded(rows.DECODED))
    rows.read_all(rows.finding(None, "out of scope"))


def refused(name: str, user: User, reader: Actor) -> None:
    rows.new_case(user=user, patient_ref=name, files=[rows.received_file(**REFUSED)])


def failed(name: str, user: User, reader: Actor) -> None:
    rows.ready_case(user=user, patient_ref=name)
    [claim] = jobs.claim_jobs(1, rows.TERMS)
    jobs.fail(claim, "The stored image cannot be read.")


def waiting(name: str, user: User, reader: Actor) -> None:
    rows.ready_case(user=user, patient_ref=name)


KINDS = (overturned, known_to_differ, mixed, refused, failed, waiting)


@pytest.fixture
def batch_id(each_app: Flask) -> Iterator[uuid.UUID]:
    """Of each kind two cases, the same but that one is withdrawn; the batch has read the first kind again."""
    with each_app.app_context():
        rows.new_release()
        user, reader = rows.new_user(), Actor(rows.new_user("reader").id)
        for kind, fate in product(KINDS[:-1], ("kept", "gone")):
            kind(f"{fate}-{kind.__name__}", user, reader)
        again = select(Case.id).where(Case.patient_ref.in_(["kept-overturned", "gone-overturned"]))
        batch_id = batches.rerun_selection(again, "again", 1, "newer", reader).id
        rows.read_all(rows.finding(0.1, "no fracture"))
        for fate in ("kept", "gone"):
            waiting(f"{fate}-waiting", user, reader)
        for case_id in db.session.scalars(select(Case.id).where(Case.patient_ref.startswith("gone"))).all():
            withdraw_case(case_id, "test", "", reader)
        yield batch_id


def selections(batch_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    uploader = db.session.scalars(select(Case.uploaded_by_id)).first()
    upload = db.session.scalars(
        select(Batch.id).join(Case, Case.id == Batch.case_id).where(Case.patient_ref == "gone-failed")
    ).one()
    values: dict[str, tuple[Any, ...]] = {
        "verdict": (None, *VERDICTS, "none yet"),
        "state": (None, *CASE_STATES),
        "priority": (None, *PRIORITIES),
        "part": (None, "hand"),
        "is_reviewed": (None, False, True),
        "differs": ((), (NEW,), (NEW, KNOWN)),
        "changed_by_id": (None, batch_id),
        "uploader_id": (None, uploader),
        "batch_id": (None, batch_id, upload),
        "search_text": ("", "gone", "kept"),
    }
    yield from alone_and_with_a_state(values)


def alone_and_with_a_state(values: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for name, chosen in values.items():
        for value in chosen:
            yield {name: value}
            if name != "state":
                yield from ({name: value, "state": state} for state in ("done", "refused", "cancelled"))


def test_the_history_has_none_of_them_or_nothing_else(each_app: Flask, batch_id: uuid.UUID) -> None:
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for chosen in selections(batch_id):
        for is_withdrawn in (False, True):
            selection = of_history.Selection(**chosen, is_withdrawn=is_withdrawn)
            for order in of_history.ORDERS:
                names = of_names(of_history.history(selection, order, None).page.items)
                wrong = "kept" if is_withdrawn else "gone"
                assert not [name for name in names if name.startswith(wrong)], (chosen, order, is_withdrawn)
                found[is_withdrawn].update(names)
            in_all = set(
                db.session.scalars(select(Case.patient_ref).where(Case.id.in_(selection.case_ids())))
            )
            assert in_all == set(names), (chosen, is_withdrawn)
            assert count_selected(selection)[1] == 0 or not is_withdrawn, "none of their images is read again"
    assert found[False] == {f"kept-{kind.__name__}" for kind in KINDS}
    assert found[True] == {f"gone-{kind.__name__}" for kind in KINDS}


def test_the_worklist_has_none_of_them(each_app: Flask, batch_id: uuid.UUID) -> None:
    user_id = rows.new_user("reader").id
    found: set[str] = set()
    values: dict[str, tuple[Any, ...]] = {
        "verdict": (*VERDICTS, "none yet"),
        "state": CASE_STATES,
        "priority": PRIORITIES,
        "part": ("hand",),
        "sort": tuple(of_worklist.ORDERS),
        "reader": ("nobody", "somebody"),
        "age": ("today",),
        "search_text": ("gone", "kept"),
    }
    for chosen, shown in product(alone_and_with_a_state(values), of_worklist.SHOWN):
        selection = of_worklist.Selection(**{"shown": shown} | chosen)
        work = of_worklist.worklist(selection, user_id, None)
        names = of_names(work.page.items)
        assert not [name for name in names if name.startswith("gone")], selection
        assert work.count == len(names), selection
        found.update(names)
    assert found == {f"kept-{kind.__name__}" for kind in KINDS}


def test_no_way_through_the_worklist_leads_to_them(each_app: Flask, batch_id: uuid.UUID) -> None:
    user_id = rows.new_user("reader").id
    for sort in of_worklist.ORDERS:
        selection = of_worklist.Selection(sort=sort)
        seen, here = [], first_to_read(user_id, selection)
        while here and here not in seen:
            seen.append(here)
            here = neighbour(here, user_id, selection)
        names = db.session.scalars(select(Case.patient_ref).where(Case.id.in_(seen))).all()
        assert sorted(names) == ["kept-failed", "kept-mixed", "kept-waiting"]


def test_the_dashboard_counts_none_of_them(each_app: Flask, batch_id: uuid.UUID) -> None:
    uploader = db.session.scalars(select(Case.uploaded_by_id)).first()
    assert uploader
    board = dashboard_of(uploader)
    for listed in (board.waiting, board.trouble, board.mine):
        assert [row for row in listed if row.case.patient_ref.startswith("gone")] == []
    assert (board.waiting_count, board.differing_count) == (1, 1)
    assert tuple(board.trouble_counts) == (3, 2, 1, 0)
    assert {name: count for name, count in board.verdicts.items() if count} == {
        "fracture": 1, "no fracture": 1, "out of scope": 1
    }  # fmt: skip
    assert {name: count for name, count in board.states.items() if count} == {
        "done": 3, "refused": 2, "failed": 1, "waiting": 1
    }  # fmt: skip


def test_a_rerun_tells_nothing_of_them(each_app: Flask, batch_id: uuid.UUID) -> None:
    assert tuple(changes_by(batch_id)) == (1, 1)
    assert of_names(newest_cases_of(batch_id)) == ["kept-overturned"]
    gone = db.session.scalars(select(Case.id).where(Case.patient_ref.startswith("gone"))).all()
    assert count_images_of(gone) == 0


def of_names(listed: Any) -> list[str]:
    return [row.case.patient_ref for row in listed]
