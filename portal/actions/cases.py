"""Receiving a case: everything an upload brings, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.actions.events import Actor, record
from portal.actions.summaries import case_state
from portal.db import transaction
from portal.models import Batch, Case, Image
from portal.models.cases import reading_rank
from portal.queries.body_parts import part_of

RANKS = {"urgent": 0, "routine": 1}


@dataclass(frozen=True)
class ReceivedFile:
    """One uploaded file, already kept in storage; with a refusal when its header says it is no X-ray."""

    name: str
    sha256: str
    size_bytes: int
    kind: str
    refusal_code: str | None = None
    refusal_reason: str | None = None


@dataclass(frozen=True)
class CaseForm:
    """What the upload form says of the case."""

    patient_ref: str
    accession: str
    body_part: str
    notes: str
    priority: str

    def columns(self) -> dict[str, str]:
        """What stands on the case, with what lists and searches find it by."""
        return {
            "patient_ref": self.patient_ref,
            "patient_key": self.patient_ref.casefold()[:64],
            "accession": self.accession,
            "accession_key": self.accession.casefold()[:64],
            "body_part": self.body_part,
            "part": part_of(self.body_part),
            "notes": self.notes,
            "priority": self.priority,
        }

    def submission_key(self, token: str, user_id: int, files: Sequence[ReceivedFile]) -> str:
        """One key per form as sent: the same page with the same content again is the same submission."""
        parts = [
            token,
            str(user_id),
            self.patient_ref,
            self.accession,
            self.body_part,
            self.notes,
            self.priority,
        ]
        parts += [f"{file.name}\0{file.sha256}" for file in files]
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def receive_case(
    form: CaseForm, files: Sequence[ReceivedFile], token: str, actor: Actor
) -> tuple[Case, bool]:
    """The case of this form and whether it is new; sending the same form twice finds the first case."""
    assert actor.user_id is not None
    key = form.submission_key(token, actor.user_id, files)
    try:
        with transaction() as session:
            earlier = _case_of(session, key)
            if earlier is not None:
                return earlier, False
            return _insert(session, form, files, key, actor), True
    except IntegrityError:
        with transaction() as session:
            earlier = _case_of(session, key)
        if earlier is None:
            raise
        return earlier, False


def _case_of(session: Session, key: str) -> Case | None:
    return session.scalars(select(Case).where(Case.submission_key == key)).one_or_none()


def _insert(session: Session, form: CaseForm, files: Sequence[ReceivedFile], key: str, actor: Actor) -> Case:
    outcomes = ["refused" if file.refusal_code else "waiting" for file in files]
    state = case_state(outcomes)
    case = Case(
        **form.columns(),
        uploaded_by_id=actor.user_id,
        submission_key=key,
        state=state,
        reading_rank=reading_rank(form.priority, None, state),
        refused_count=outcomes.count("refused"),
    )
    session.add(case)
    session.flush()
    session.add(Batch(kind="upload", case_id=case.id, requested_by_id=actor.user_id))
    session.add_all(_image(case, position, file) for position, file in enumerate(files))
    record(session, actor, "case.uploaded", "case", case.id, images=len(files))
    return case


def _image(case: Case, position: int, file: ReceivedFile) -> Image:
    return Image(
        case_id=case.id,
        position=position,
        name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        kind=file.kind,
        rank=RANKS[case.priority],
        state="refused" if file.refusal_code else "received",
        refusal_code=file.refusal_code,
        refusal_reason=file.refusal_reason,
    )
