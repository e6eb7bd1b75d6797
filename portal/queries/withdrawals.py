"""Which cases were withdrawn, and why."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.models import Case, Withdrawal
from portal.models.cases import WITHDRAWN_INDEX
from portal.queries.merging import PartialIndex

WITHDRAWN = (
    "This case was withdrawn, so that it takes no review and no correction. Who withdrew it, or an admin, "
    "can restore it on its page."
)


def is_withdrawn(case: type[Case] = Case) -> ColumnElement[bool]:
    return case.withdrawn_at.is_not(None)


def not_withdrawn(case: type[Case] = Case) -> ColumnElement[bool]:
    """It was not withdrawn, so that it stands in lists and is counted."""
    return case.withdrawn_at.is_(None)


def withdrawn_cases() -> PartialIndex:
    """The index that holds none but these, in the history's order."""
    return PartialIndex(WITHDRAWN_INDEX, Case, is_withdrawn())


def standing_withdrawals(case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Withdrawal]:
    """By case, with who withdrew it."""
    found = db.session.scalars(
        select(Withdrawal)
        .where(Withdrawal.case_id.in_(case_ids), Withdrawal.restored_at.is_(None))
        .options(joinedload(Withdrawal.withdrawn_by))
    )
    return {withdrawal.case_id: withdrawal for withdrawal in found}


def withdrawal_of(case: Case) -> Withdrawal | None:
    """The one that stands."""
    return standing_withdrawals([case.id]).get(case.id) if case.withdrawn_at else None
