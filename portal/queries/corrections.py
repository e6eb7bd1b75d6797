"""What was corrected of a case, and what it said before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.models import Case, Correction

DETAIL_WORDS = {
    "patient_ref": "patient reference", "accession": "accession number", "body_part": "body part",
    "notes": "notes", "priority": "priority",
}  # fmt: skip
DETAILS = tuple(DETAIL_WORDS)
"""What the upload form says of a case, by the names of its columns."""


def corrections_of(case_id: uuid.UUID) -> Sequence[Correction]:
    """Newest first, with who made them."""
    return db.session.scalars(
        select(Correction)
        .where(Correction.case_id == case_id)
        .options(joinedload(Correction.corrected_by))
        .order_by(Correction.id.desc())
    ).all()


def details_at(case: Case, version: int) -> dict[str, str]:
    """What the case said at this version."""
    details = {name: getattr(case, name) for name in DETAILS}
    for correction in corrections_of(case.id):
        if correction.version >= version:
            details |= correction.before
    return details
