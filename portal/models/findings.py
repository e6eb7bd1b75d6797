"""A finding: the immutable result of one job."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, UtcDateTime
from portal.models.columns import one_of, utc_now

if TYPE_CHECKING:
    from portal.models.jobs import Job

OUT_OF_SCOPE = "out of scope"
VERDICTS = ("fracture", "doubt", OUT_OF_SCOPE, "no fracture")
"""Most severe first: a case shows the first that any of its images has.

An image that could not be judged outweighs “no fracture”: the case was not read to its end.
"""


class Finding(Base):
    """Names its maker: release (through the job), weights, preprocessing, thresholds, and the input's hash.

    `probability` 0…1, null exactly when the image is out of scope. `boxes` are pixels of the decoded image.
    """

    __tablename__ = "finding"
    __table_args__ = (
        one_of("verdict", VERDICTS),
        CheckConstraint("probability >= 0 AND probability <= 1", name="probability_range"),
        CheckConstraint("(probability IS NULL) = (verdict = 'out of scope')", name="probability_has_scope"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), unique=True)
    probability: Mapped[float | None]
    verdict: Mapped[str] = mapped_column(String(20))
    boxes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    heatmap_sha256: Mapped[str | None] = mapped_column(String(64))
    input_sha256: Mapped[str] = mapped_column(String(64))
    weights_sha256: Mapped[str] = mapped_column(String(64))
    preprocessing_version: Mapped[str] = mapped_column(String(40))
    rule_out: Mapped[float]
    rule_in: Mapped[float]
    device: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    job: Mapped[Job] = relationship(back_populates="finding")
