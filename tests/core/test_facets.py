"""Narrowing a list: what the indexes' stretches find is what the plain conditions mean, in the same order."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import insert, select, text

from portal.db import db, transaction
from portal.models import Case
from portal.models.cases import CASE_STATES, PRIORITIES, READING_ORDER, reading_rank
from portal.models.columns import utc_now
from portal.models.findings import OUT_OF_SCOPE
from portal.queries.case_rows import cases_with_people
from portal.queries.facets import NONE_YET, Facets
from portal.queries.history import ORDERS as HISTORY_ORDERS
from portal.queries.merging import Merge
from portal.queries.named_cases import begins_with
from portal.queries.next_cases import UNREAD_ORDER
from portal.queries.paging import Order, fetch_page
from portal.queries.reviews import awaits_from
from portal.queries.worklist import ORDERS as WORKLIST_ORDERS
from tests.fixtures import rows

ORDERS = {**WORKLIST_ORDERS, "urgency": HISTORY_ORDERS["urgency"]}
NARROWED = [
    Facets(),
    Facets(refused=False),
    Facets(is_reviewed=False, refused=False),
    Facets(state="refused", refused=False),
    *(
        Facets(verdict, priority, state, part, is_reviewed)
        for verdict, priority, state, part, is_reviewed in product(
            (None, "doubt", OUT_OF_SCOPE, NONE_YET),
            (None, "urgent"),
            (None, "refused"),
            (None, "hip"),
            (None, True),
        )
    ),
]


def add_all_kinds(count: int) -> None:
    """Cases of each state, verdict, priority, part and review, in no order; some at the same moment, and some
    fractures and doubts with an image out of scope, some of all with a refused one."""
    draw, now, user_id = random.Random(7), utc_now(), rows.new_user().id
    made = []
    for number in range(count):
        state, priority = draw.choice(CASE_STATES), draw.choice(PRIORITIES)
        verdict = None if state == "refused" else draw.choice(READING_ORDER)
        made.append(
            {"id": uuid.UUID(int=draw.getrandbits(128)), "patient_ref": f"P-{number}", "patient_key":
             f"p-{number}", "priority": priority, "state": state, "verdict": verdict,
             "out_of_scope_count": out_of_scope_count(verdict, draw),
             "refused_count": 2 if state == "refused" else draw.choice((0, 0, 1)),
             "part": draw.choice(("hip", "hand")),
             "reading_rank": reading_rank(priority, verdict, state), "is_reviewed": draw.random() < 0.5,
             "uploaded_by_id": user_id, "created_at": now - timedelta(minutes=draw.randrange(count // 2)),
             "submission_key": str(number)}
        )  # fmt: skip
    with transaction() as session:
        session.execute(insert(Case), made)


def out_of_scope_count(verdict: str | None, draw: random.Random) -> int:
    """As it is where each case has two images: none in a case that was called no fracture."""
    if verdict == OUT_OF_SCOPE:
        return draw.choice((1, 2))
    return draw.randrange(2) if verdict in ("fracture", "doubt") else 0


def paged(facets: Facets, order: Order, is_backwards: bool) -> list[uuid.UUID]:
    """Page by page, twenty at a time, to the end; or from there back to the start."""
    merge, found, cursor, pages = Merge(facets.stretches(order)), [], None, []
    while True:
        page = fetch_page(cases_with_people(), order, cursor, 20, merge)
        pages.append([case.id for case in page.items])
        if page.next is None:
            break
        cursor = page.next
    if is_backwards:
        pages = pages[-1:]
        while page.previous is not None:
            page = fetch_page(cases_with_people(), order, page.previous, 20, merge)
            pages.insert(0, [case.id for case in page.items])
    for ids in pages:
        found += ids
    return found


@pytest.mark.parametrize("sort", ORDERS)
def test_stretches_find_what_the_conditions_mean(each_app: Flask, sort: str) -> None:
    order = ORDERS[sort]
    with each_app.app_context():
        add_all_kinds(100)
        found_some = 0
        for number, facets in enumerate(NARROWED):
            meant = order.sort(select(Case.id).where(*facets.conditions()), order.is_descending)
            expected = list(db.session.scalars(meant))
            assert paged(facets, order, is_backwards=number % 2 == 0) == expected, facets
            assert Merge(facets.stretches(order)).count(order, 1000) == len(expected)
            found_some += bool(expected)
        assert found_some > len(NARROWED) / 2


def test_counting_stops_where_it_is_told_to(app: Flask) -> None:
    with app.app_context():
        add_all_kinds(60)
        order = ORDERS["reading"]
        assert Merge(Facets(refused=False).stretches(order)).count(order, 5) == 5


INDEX_OF = {
    Facets(is_reviewed=False, refused=False): "ix_case_worklist",
    Facets(verdict="doubt"): "ix_case_worklist",
    Facets(part="hip", verdict="doubt"): "ix_case_part_worklist",
    Facets(state="failed", is_reviewed=False): "ix_case_state_worklist",
    Facets(state="failed", part="hip"): "ix_case_state_part_worklist",
    Facets(state="failed"): "ix_case_state (",
    Facets(verdict=OUT_OF_SCOPE): "COVERING INDEX ix_case_out_of_scope",
    Facets(verdict=OUT_OF_SCOPE, state="failed", part="hip"): "COVERING INDEX ix_case_out_of_scope",
    Facets(state="refused"): "COVERING INDEX ix_case_refused",
    Facets(state="refused", part="hip", is_reviewed=False): "COVERING INDEX ix_case_refused",
    Facets(verdict=OUT_OF_SCOPE, state="refused"): "INDEX ix_case_out_of_scope",
    Facets(): "ix_case_created",
}


@pytest.mark.parametrize("facets", INDEX_OF)
def test_an_index_serves_each_stretch_in_its_order(app: Flask, facets: Facets) -> None:
    order = WORKLIST_ORDERS["newest"]
    with app.app_context():
        for stretch in facets.stretches(order):
            plan = plan_of(Merge([stretch]).part(stretch, order, None, is_falling=True).limit(51))
            assert INDEX_OF[facets] in plan
            assert "TEMP B-TREE" not in plan


def test_what_one_has_read_is_passed_over_in_the_index_alone(app: Flask) -> None:
    with app.app_context():
        query = select(Case.id).where(awaits_from(1), Case.reading_rank < 10)
        plan = plan_of(UNREAD_ORDER.sort(query, is_falling=False))
        assert "USING COVERING INDEX ix_case_worklist" in plan
        assert "TEMP B-TREE" not in plan


def test_the_beginning_of_a_reference_is_a_range_of_the_index(app: Flask) -> None:
    with app.app_context():
        plan = plan_of(select(Case.id).where(begins_with(Case.patient_key, "p-1")))
        assert "ix_case_patient (patient_key>? AND patient_key<?)" in plan


def plan_of(query) -> str:
    compiled = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
    return str(db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")).all())


@pytest.mark.parametrize("reference", ["a\U0010ffff1", "a\ud7ff", "%_", "ß", "z\U0010ffff"])
def test_a_reference_of_odd_characters_is_found_by_its_beginning(each_app: Flask, reference: str) -> None:
    with each_app.app_context():
        rows.new_case(patient_ref=reference)
        rows.new_case(patient_ref="a b")
        rows.new_case(patient_ref="\ue000")
        for length in range(1, len(reference) + 1):
            begun = select(Case.patient_ref).where(begins_with(Case.patient_key, reference[:length]))
            found = db.session.scalars(begun).all()
            assert reference in found
            assert all(name.casefold().startswith(reference[:length].casefold()) for name in found)
