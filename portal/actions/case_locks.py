"""Locking one case, after its images and jobs: in that order workers do."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.models import Case


def locked_case(session: Session, case_id: uuid.UUID) -> Case:
    """As it stands now, until the transaction ends. Raises NotFound."""
    query = select(Case).where(Case.id == case_id).with_for_update()
    case = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if case is None:
        raise NotFound("There is no such case.")
    return case
