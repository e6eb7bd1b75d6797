"""A re-run that reads settled cases otherwise is told: on its page, in the history, on the dashboard."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.actions import batches, jobs
from portal.actions.events import Actor
from portal.db import db
from portal.models import Case, Job
from portal.queries.disagreement import SAYS_THE_OPPOSITE
from portal.queries.history import ORDERS, Selection, _merge
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import text_of

NAME = re.compile(r'<a class="table__lead" href="/cases/[^"]+">([^<]+)</a>')
PROBABILITY = {"fracture": 0.9, "doubt": 0.5, "no fracture": 0.1, "out of scope": None}
SINCE = "/history?reading=differs+since"
FLAG = "given before the case was read otherwise"
AGAIN = "It was given before the case was read again, and differs from the new reading."


def reading(verdict: str) -> dict[str, object]:
    return rows.finding(PROBABILITY[verdict], verdict)


def settled(app: Flask, reader: Person, name: str, verdict: str, answer: str, **changes: Any) -> uuid.UUID:
    with app.app_context():
        case_id = rows.read_case(answer=reading(verdict), patient_ref=name, **changes).id
    agrees = "no" if SAYS_THE_OPPOSITE[answer] == verdict else "yes"
    assert reader.review(case_id, {"is_fracture": answer, "agrees": agrees}).status_code == 303
    return case_id


def rerun(app: Flask, verdicts: dict[str, str], key: str = "all") -> uuid.UUID:
    """Reads these cases again, one after the other; each name with its verdict. Of two images the first."""
    with app.app_context():
        cases = select(Case.id).where(Case.patient_ref.in_(verdicts))
        admin = Actor(rows.new_user("admin").id)
        batch_id = batches.rerun_selection(cases, key, 1, "a better release", admin).id
        while claims := jobs.claim_jobs(1, rows.TERMS):
            job = db.session.get_one(Job, claims[0].id)
            verdict = verdicts[job.image.case.patient_ref]
            jobs.finish([jobs.Result(claims[0], reading(verdict))])
        return batch_id


def names(person: Person, path: str) -> list[str]:
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return NAME.findall(answer.text)


def links(page: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="(/history\?[^"]*)"', page)]


def test_a_rerun_tells_which_verdicts_changed_and_which_settled_cases_it_overturned(
    each_app: Flask, eva: Person
) -> None:
    for name, answer in (("P-doubt", "no"), ("P-broken", "no"), ("P-same", "no")):
        settled(each_app, eva, name, "no fracture", answer)
    with each_app.app_context():
        rows.read_case(answer=reading("no fracture"), patient_ref="P-open")
    batch_id = rerun(
        each_app, {"P-doubt": "doubt", "P-broken": "fracture", "P-same": "no fracture", "P-open": "fracture"}
    )
    page = text_of(eva, f"/batches/{batch_id}")
    assert "3 cases have another verdict than before this re-run." in page
    assert "2 cases of these now differ from the readers' answer: look again." in page
    assert page.count("before it was read again: no fracture") == 3
    changed, differing = links(eva.get(f"/batches/{batch_id}").text)[:2]
    assert names(eva, changed) == ["P-open", "P-broken", "P-doubt"]
    assert names(eva, differing) == ["P-broken", "P-doubt"]


def test_the_history_finds_them_and_flags_the_answer(each_app: Flask, eva: Person) -> None:
    case_id = settled(each_app, eva, "P-overturned", "fracture", "yes")
    settled(each_app, eva, "P-known", "fracture", "no")
    settled(each_app, eva, "P-agreed", "fracture", "yes")
    rerun(each_app, {"P-overturned": "no fracture"})
    assert names(eva, SINCE) == ["P-overturned"]
    assert names(eva, "/history?reading=differs") == ["P-known", "P-overturned"]
    assert names(eva, "/history?reading=differs&sort=oldest") == ["P-overturned", "P-known"]
    assert eva.get("/history").text.count(FLAG) == 1
    assert AGAIN in text_of(eva, f"/cases/{case_id}")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("&sort=urgency", ["P-urgent", "P-hip"]),
        ("&priority=urgent", ["P-urgent"]),
        ("&part=hip", ["P-hip"]),
        ("&verdict=doubt", ["P-hip"]),
        ("&review=open", []),
        ("&batch={batch}", ["P-hip", "P-urgent"]),
        ("&uploader={uploader}", []),
    ],
)
def test_other_filters_narrow_them(each_app: Flask, eva: Person, filters: str, found: list[str]) -> None:
    settled(each_app, eva, "P-urgent", "no fracture", "no", priority="urgent")
    settled(each_app, eva, "P-hip", "no fracture", "no", body_part="hip")
    batch_id = rerun(each_app, {"P-urgent": "fracture", "P-hip": "doubt"})
    with each_app.app_context():
        uploader_id = rows.new_user().id
    assert names(eva, SINCE + filters.format(batch=batch_id, uploader=uploader_id)) == found
    address = eva.post("/history/search", {"text": "P-u"}).headers["Location"]
    assert names(eva, f"{address}&reading=differs+since") == ["P-urgent"]


def test_the_dashboard_tells_readers_until_the_case_was_reviewed_again(each_app: Flask, eva: Person) -> None:
    case_id = settled(each_app, eva, "P-1", "no fracture", "no")
    told = "1 settled case was read again, and the new reading differs from the readers' answer."
    assert "read again" not in text_of(eva, "/")
    batch_id = rerun(each_app, {"P-1": "doubt"})
    assert told in text_of(eva, "/")
    assert links(eva.get("/").text)[0] == SINCE
    eva.review(case_id, {"is_fracture": "no", "agrees": "no"})
    assert "read again" not in text_of(eva, "/")
    assert names(eva, SINCE) == []
    assert "readers' answer" not in text_of(eva, f"/batches/{batch_id}")
    assert AGAIN not in text_of(eva, f"/cases/{case_id}")


def test_a_reader_who_stays_with_the_answer_is_not_asked_for_ever(each_app: Flask, eva: Person) -> None:
    case_id = settled(each_app, eva, "P-1", "no fracture", "no")
    rerun(each_app, {"P-1": "fracture"})
    eva.review(case_id, {"is_fracture": "no", "agrees": "no"})
    assert names(eva, SINCE) == []
    assert names(eva, "/history?reading=differs") == ["P-1"]
    rerun(each_app, {"P-1": "fracture"}, "once more")
    assert names(eva, SINCE) == [], "the same verdict as the one that was answered"


def test_what_ends_as_it_was_is_no_change(each_app: Flask, eva: Person) -> None:
    """Of two images the broken one is read as sound, and the sound one as broken."""
    with each_app.app_context():
        case = rows.ready_case(images_count=2, patient_ref="P-1")
        for verdict in ("no fracture", "fracture"):
            (claim,) = jobs.claim_jobs(1, rows.TERMS)
            jobs.finish([jobs.Result(claim, reading(verdict))])
        cases = select(Case.id).where(Case.id == case.id)
        case_id, admin = case.id, Actor(rows.new_user("admin").id)
        batch_id = batches.rerun_selection(cases, "all", 1, "", admin).id
        claims = {
            db.session.get_one(Job, claim.id).image.position: claim
            for claim in jobs.claim_jobs(2, rows.TERMS)
        }
        jobs.finish([jobs.Result(claims[1], reading("no fracture"))])
        assert changes(case_id) == ("fracture", batch_id)
        jobs.finish([jobs.Result(claims[0], reading("fracture"))])
        assert changes(case_id) == (None, None)
    assert "another verdict" not in text_of(eva, f"/batches/{batch_id}")


def test_a_first_reading_changes_nothing(app: Flask, as_reader: Person) -> None:
    """Also where its images end one after the other, or where the first one failed."""
    with app.app_context():
        case = rows.ready_case(images_count=2)
        for verdict in ("no fracture", "fracture"):
            (claim,) = jobs.claim_jobs(1, rows.TERMS)
            jobs.finish([jobs.Result(claim, reading(verdict))])
        failed = rows.ready_case(patient_ref="P-failed")
        jobs.fail(jobs.claim_jobs(1, rows.TERMS)[0], "The stored image cannot be read.")
        rerun_id = rerun(app, {"P-failed": "fracture"})
        assert changes(case.id) == changes(failed.id) == (None, None)
    assert "another verdict" not in text_of(as_reader, f"/batches/{rerun_id}")


def changes(case_id: uuid.UUID) -> tuple[str | None, uuid.UUID | None]:
    db.session.rollback()
    row = db.session.execute(select(Case.verdict_before, Case.changed_by_id).where(Case.id == case_id)).one()
    db.session.rollback()
    return row.verdict_before, row.changed_by_id


def test_radiographers_are_not_told_to_look_again(
    app: Flask, as_radiographer: Person, as_reader: Person
) -> None:
    settled(app, as_reader, "P-1", "no fracture", "no")
    rerun(app, {"P-1": "fracture"})
    assert "settled case" not in text_of(as_radiographer, "/")
    assert "settled case" in text_of(as_reader, "/")


def test_a_damaged_link_is_told(as_reader: Person) -> None:
    for query in ("reading=other", "changed=1"):
        assert as_reader.get(f"/history?{query}").status_code == 422


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("selection", "index"),
    [
        (Selection(differs=("new", "known")), "ix_case_differs"),
        (Selection(changed_by_id=uuid.UUID(int=1), differs=("new",)), "ix_case_changed"),
    ],
)
def test_an_index_of_their_own_serves_them_in_order(
    app: Flask, selection: Selection, index: str, order: str
) -> None:
    with app.app_context():
        merge = _merge(selection, ORDERS[order])
        for stretch in merge.stretches:
            query = merge.part(stretch, ORDERS[order], None, is_falling=True).limit(51)
            compiled = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
            plan = str(db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")).all())
            assert index in plan
            assert "TEMP B-TREE" not in plan
