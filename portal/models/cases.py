"""A case: one examination that someone uploaded."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.accounts import User
from portal.models.columns import one_of, utc_now
from portal.models.findings import VERDICTS

if TYPE_CHECKING:
    from portal.models.images import Image

SORTED_BY_CODE = String(64).with_variant(String(64, collation="C"), "postgresql")
"""So that a range of the index holds all that begin alike, whatever language the database sorts by."""
PRIORITIES = ("urgent", "routine")
CASE_STATES = ("waiting", "done", "refused", "failed", "cancelled")
AWAITED = ("first", "second", "third", "nothing")
ANSWER_WORDS = {"yes": "fracture", "no": "no fracture", "unsure": "unsure"}
"""What readers say about a fracture, and how it is told."""
ANSWERS = tuple(ANSWER_WORDS)
DIFFERS = ("known", "new")
READING_ORDER = ("fracture", "doubt", "no fracture", "out of scope", None)
"""What the release said, in the order in which readers look at it; None: nothing yet, or nothing at all."""
READING = ("is_reviewed", "reading_rank", "created_at", "id", "first_reader_id", "second_reader_id")
"""The worklist's order, and what tells in the index itself whom a case no longer waits for."""
OUT_OF_SCOPE_INDEX = "ix_case_out_of_scope"
"""Holds the cases of which any image is out of scope, and no others."""
REFUSED_INDEX = "ix_case_refused"
"""Holds the cases of which any image was refused, and no others."""
WITHDRAWN_INDEX = "ix_case_withdrawn"
"""Holds the cases that were withdrawn, and no others."""
NOTHING_TO_READ = len(PRIORITIES) * len(READING_ORDER)
WITHDRAWN = NOTHING_TO_READ + 1


def reading_rank(priority: str, verdict: str | None, state: str, is_withdrawn: bool = False) -> int:
    """Where a case stands among those to be read, lowest first: by priority, then by the verdict.

    A withdrawn one has a rank of its own, which no list of work asks for.
    """
    if is_withdrawn:
        return WITHDRAWN
    if state == "refused":
        return NOTHING_TO_READ
    return PRIORITIES.index(priority) * len(READING_ORDER) + READING_ORDER.index(verdict)


class Case(Base):
    """`state`, `verdict`, `reading_rank` and the counts sum up the images and their newest jobs, kept in the
    transaction that changes those.

    `state`    waiting: something is still queued, decoded or read; failed: a newest job gave no finding;
               cancelled: a reading was cancelled before it gave one; refused: no image could be used;
               done: everything usable was read
    `verdict`  the most severe current verdict of its images; null before the first
    `out_of_scope_count`  how many of its images are out of scope now, whatever the most severe verdict says
    `refused_count`  how many of its images were refused, also where others were read
    `awaits`   the reader that it waits for: first, second, third; nothing: it is settled
    `answer`   its readers' word on a fracture, once it is settled; null before
    `is_reviewed`  it is settled; stands beside `awaits` because the worklist is sorted by it
    `differs`  the verdict does not fit the answer: known, its readers answered so with it before them; new,
               it came after the answer; null where they fit, as `queries/disagreement.py` tells it
    `verdict_before`, `changed_by_id`  the verdict before the newest re-run that changed it, and that re-run
    `first_reader_id`, `second_reader_id`  who reviewed it, the first two in the order in which they first did
    `part`     the part of the body that its text names, as `queries/body_parts.py` tells it: lists filter by
    it `claimed_by_id`, `claimed_at`  who says to be reading it, a hint that lapses; null when nobody did
    `version`  raised with each change of what the upload form said
    `withdrawn_at`  it was uploaded by mistake and is in no list and no count but that of such cases, never
               waiting; null for all others
    """

    __tablename__ = "case"
    __table_args__ = (
        one_of("priority", PRIORITIES),
        one_of("state", CASE_STATES),
        one_of("verdict", VERDICTS),
        one_of("awaits", AWAITED),
        one_of("answer", ANSWERS),
        one_of("differs", DIFFERS),
        one_of("verdict_before", VERDICTS),
        Index("ix_case_created", "created_at", "id"),
        Index("ix_case_priority", "priority", "created_at", "id"),
        Index("ix_case_state", "state", "created_at", "id"),
        Index("ix_case_worklist", *READING),
        Index("ix_case_part_worklist", "part", *READING),
        Index("ix_case_state_worklist", "state", *READING),
        Index("ix_case_state_part_worklist", "state", "part", *READING),
        Index("ix_case_claimed", "claimed_at", "claimed_by_id"),
        Index("ix_case_uploaded", "uploaded_by_id", "created_at", "id", "verdict", "priority", "state",
              "part", "is_reviewed"),
        Index(OUT_OF_SCOPE_INDEX, *READING, "state", "part", "uploaded_by_id", "out_of_scope_count",
              sqlite_where=text("out_of_scope_count > 0"),
              postgresql_where=text("out_of_scope_count > 0")),
        Index(REFUSED_INDEX, *READING, "state", "part", "uploaded_by_id", "refused_count",
              "priority", sqlite_where=text("refused_count > 0"), postgresql_where=text("refused_count > 0")),
        Index("ix_case_differs", "differs", "created_at", "id", "priority",
              sqlite_where=text("differs IS NOT NULL"), postgresql_where=text("differs IS NOT NULL")),
        Index("ix_case_changed", "changed_by_id", "created_at", "id", "priority", "differs",
              sqlite_where=text("changed_by_id IS NOT NULL"),
              postgresql_where=text("changed_by_id IS NOT NULL")),
        Index(WITHDRAWN_INDEX, "created_at", "id", "priority", sqlite_where=text("withdrawn_at IS NOT NULL"),
              postgresql_where=text("withdrawn_at IS NOT NULL")),
        Index("ix_case_patient", "patient_key"),
        Index("ix_case_accession", "accession_key"),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    patient_ref: Mapped[str] = mapped_column(String(64))
    patient_key: Mapped[str] = mapped_column(SORTED_BY_CODE)
    accession: Mapped[str] = mapped_column(String(64), default="")
    accession_key: Mapped[str] = mapped_column(SORTED_BY_CODE, default="")
    body_part: Mapped[str] = mapped_column(String(40), default="")
    part: Mapped[str] = mapped_column(String(12), default="not given", server_default="not given")
    notes: Mapped[str] = mapped_column(Text, default="")
    priority: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    verdict: Mapped[str | None] = mapped_column(String(20))
    out_of_scope_count: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    refused_count: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    reading_rank: Mapped[int] = mapped_column(SmallInteger, server_default=str(NOTHING_TO_READ - 1))
    awaits: Mapped[str] = mapped_column(String(7), default="first", server_default="first")
    answer: Mapped[str | None] = mapped_column(String(6))
    is_reviewed: Mapped[bool] = mapped_column(default=False, server_default=false())
    differs: Mapped[str | None] = mapped_column(String(5))
    verdict_before: Mapped[str | None] = mapped_column(String(20))
    changed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("batch.id", use_alter=True))
    first_reader_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    second_reader_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)

    uploaded_by: Mapped[User] = relationship(foreign_keys=[uploaded_by_id])
    claimed_by: Mapped[User | None] = relationship(foreign_keys=[claimed_by_id])
    images: Mapped[list[Image]] = relationship(back_populates="case", order_by="Image.position")
