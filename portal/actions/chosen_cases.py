"""Changing several chosen cases at once: one transaction each, with an event for each case changed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actions.case_details import move_in_queue, write_details
from portal.actions.cases import RANKS
from portal.actions.events import Actor, record
from portal.clock import database_now
from portal.db import transaction
from portal.models import Case
from portal.queries.case_claims import claim_of


@dataclass(frozen=True)
class Outcome:
    """How many cases were changed, and for which reason, in words, how many were left as they were."""

    changed: int
    left: Mapping[str, int]


def claim_chosen(case_ids: Sequence[uuid.UUID], actor: Actor) -> Outcome:
    """All that nobody else is reading are now the actor's; what was theirs stays so, its time starts anew."""
    assert actor.user_id is not None
    with transaction() as session:
        now = database_now(session)

        def claim(case: Case) -> str | None:
            held = claim_of(case, now)
            if held and held.user_id != actor.user_id:
                return "being read by someone else"
            case.claimed_by_id, case.claimed_at = actor.user_id, now
            return "already being read by you" if held else None

        return _change(session, case_ids, claim, "case.claimed", actor)


def release_chosen(case_ids: Sequence[uuid.UUID], actor: Actor) -> Outcome:
    """Ends the actor's own claims."""

    def release(case: Case) -> str | None:
        if case.claimed_by_id != actor.user_id:
            return "not being read by you"
        case.claimed_by_id = case.claimed_at = None
        return None

    with transaction() as session:
        return _change(session, case_ids, release, "case.released", actor)


def prioritise_chosen(case_ids: Sequence[uuid.UUID], actor: Actor, priority: str) -> Outcome:
    """Urgent or routine, for their readers and for the queue."""

    def prioritise(case: Case) -> str | None:
        if case.priority == priority:
            return f"already {priority}"
        write_details(session, case, {"priority": priority}, actor)
        return None

    with transaction() as session:
        move_in_queue(session, case_ids, RANKS[priority])
        return _change(session, case_ids, prioritise, f"case.{priority}", actor)


def _change(
    session: Session,
    case_ids: Sequence[uuid.UUID],
    change: Callable[[Case], str | None],
    event: str,
    actor: Actor,
) -> Outcome:
    """Locks the cases in one order and changes one after the other; `change` says why it left one."""
    query = select(Case).where(Case.id.in_(case_ids)).order_by(Case.id).with_for_update()
    cases = session.scalars(query.execution_options(populate_existing=True)).all()
    left: Counter[str] = Counter()
    for case in cases:
        reason = "withdrawn" if case.withdrawn_at else change(case)
        if reason is None:
            record(session, actor, event, "case", case.id)
        else:
            left[reason] += 1
    changed = len(cases) - left.total()
    if missing := len(set(case_ids)) - len(cases):
        left["no longer there"] = missing
    return Outcome(changed, left)
