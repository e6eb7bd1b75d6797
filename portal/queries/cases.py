"""One case with all that its page shows: images, every finding, the same file elsewhere."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.db import db
from portal.errors import NotFound
from portal.image_quality import file_facts
from portal.models import OPEN_STATES, VERDICTS, Case, Finding, Image, Job
from portal.queries.body_parts import BODY_PART_TAG
from portal.queries.cautions import cautions_beside
from portal.queries.contradictions import PATIENTS, contradictions
from portal.queries.marked_places import why_marked
from portal.queries.operating_points import MeasuredPoints, measured_points
from portal.queries.outcomes import image_outcome
from portal.queries.spacing import Spacing, spacing_of
from portal.queries.withdrawals import is_withdrawn

MAX_TWINS = 5


class Twin(NamedTuple):
    """Another case that holds the same file, byte for byte; one of `of`."""

    case_id: uuid.UUID
    patient_ref: str
    is_withdrawn: bool
    of: int


@dataclass(frozen=True)
class ReadImage:
    """An image with its jobs, oldest first, and where else its file was seen."""

    image: Image
    jobs: tuple[Job, ...]
    twins: tuple[Twin, ...]
    repeats_number: int | None
    """The number, from 1, of an earlier image of this case that is the same file."""

    @property
    def number(self) -> int:
        return self.image.position + 1

    @property
    def more_twins_count(self) -> int:
        """Cases with the same file beyond those in `twins`."""
        return self.twins[0].of - len(self.twins) if self.twins else 0

    @property
    def newest_job(self) -> Job | None:
        return self.jobs[-1] if self.jobs else None

    @property
    def telling_job(self) -> Job | None:
        """What says how the image stands: an open job where there is one, else the newest."""
        is_open = (job for job in reversed(self.jobs) if job.state in OPEN_STATES)
        return next(is_open, self.newest_job)

    @property
    def is_withdrawn(self) -> bool:
        return self.image.case.withdrawn_at is not None

    @property
    def current_job(self) -> Job | None:
        """The newest job that gave a finding; none counts of a withdrawn case."""
        if self.is_withdrawn:
            return None
        return next((job for job in reversed(self.jobs) if job.finding), None)

    @property
    def finding(self) -> Finding | None:
        return self.current_job.finding if self.current_job else None

    @property
    def outcome(self) -> str:
        """As `image_outcome` tells it; withdrawn, whatever became of it before."""
        if self.is_withdrawn:
            return "withdrawn"
        state = self.telling_job.state if self.telling_job else None
        return image_outcome(self.image.state, state, self.finding is not None)

    @property
    def spacing(self) -> Spacing | None:
        return spacing_of(self.image)

    @property
    def is_running(self) -> bool:
        return self.telling_job is not None and self.telling_job.state == "running"

    @property
    def is_read_again(self) -> bool:
        """There is a finding, and another reading is queued or running."""
        return bool(self.finding and self.telling_job and self.telling_job.state in OPEN_STATES)

    @property
    def contradictions(self) -> tuple[str, ...]:
        """Where the file names another patient or examination than the case."""
        return contradictions(self.image.case, self.image)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to know before trusting the finding: of the image, and of how well its part is read."""
        job = self.current_job
        if job is None or job.finding is None:
            return ()
        parts = self.image.case.body_part, self.image.tags.get(BODY_PART_TAG, "")
        has_probability = job.finding.probability is not None
        return cautions_beside(job.release.card, self.image.flags, parts, has_probability)

    @property
    def points(self) -> MeasuredPoints | None:
        """How well the two limits of the finding's release did when it was judged."""
        return measured_points(self.current_job.release.card) if self.current_job else None

    @property
    def why_marked(self) -> str | None:
        """Why the finding's boxes are solid or dotted; None where it has none."""
        job = self.current_job
        return why_marked(job.finding, job.release.card) if job and job.finding else None

    @property
    def file_facts(self) -> tuple[str, ...]:
        """Codes of what was noticed about the file itself."""
        return tuple(flag for flag in file_facts(self.image.flags) if flag not in PATIENTS)

    @property
    def newest_problem(self) -> str | None:
        """Why the newest job ended without a finding, in words."""
        job = self.newest_job
        return job.problem if job and job.state in ("failed", "quarantined", "cancelled") else None


@dataclass(frozen=True)
class ReadCase:
    case: Case
    images: tuple[ReadImage, ...]

    @property
    def is_waiting(self) -> bool:
        return self.case.state == "waiting"

    @property
    def is_changing(self) -> bool:
        """A worker will add something to the page by itself."""
        return self.is_waiting or any(read.image.is_to_compare for read in self.images)

    @property
    def ended_count(self) -> int:
        """Images that are refused, or read as far as they will be."""
        return sum(read.outcome != "waiting" for read in self.images)

    @property
    def finding_ids(self) -> tuple[int, ...]:
        """What counts of what is shown, lowest first; empty before the first."""
        return tuple(sorted(read.finding.id for read in self.images if read.finding))

    @property
    def has_picture(self) -> bool:
        """Of any image, or one may still come of it."""
        return any(read.image.state != "refused" for read in self.images)

    @property
    def says_fracture(self) -> bool | None:
        """What the reading says of the case: yes, if of any image; no, if of each that was not refused.

        Null: neither, with doubt, with an image out of scope, and with one that has no finding.
        """
        usable = (read for read in self.images if read.image.state != "refused")
        verdicts = {read.finding.verdict if read.finding else None for read in usable}
        if "fracture" in verdicts:
            return True
        return False if verdicts == {"no fracture"} else None

    def image_to_show(self, number: int | None) -> ReadImage:
        """The image asked for (from 1), else the one with the most severe verdict."""
        if number is not None and 1 <= number <= len(self.images):
            return self.images[number - 1]
        return min(self.images, key=_severity)


def read_case(case_id: uuid.UUID) -> ReadCase:
    """Raises NotFound. The number of queries does not depend on the number of images or jobs."""
    case = db.session.scalars(
        select(Case)
        .where(Case.id == case_id)
        .options(joinedload(Case.uploaded_by), joinedload(Case.claimed_by), selectinload(Case.images))
    ).one_or_none()
    if case is None:
        raise NotFound("There is no such case.")
    jobs = _jobs_by_image(case_id)
    twins = _twins_by_sha256(case)
    images = tuple(
        ReadImage(image, tuple(jobs[image.id]), tuple(twins[image.sha256]), _repeats(image, case.images))
        for image in case.images
    )
    return ReadCase(case, images)


def _severity(read: ReadImage) -> int:
    return VERDICTS.index(read.finding.verdict) if read.finding else len(VERDICTS)


def _jobs_by_image(case_id: uuid.UUID) -> dict[uuid.UUID, list[Job]]:
    found: dict[uuid.UUID, list[Job]] = defaultdict(list)
    for job in db.session.scalars(
        select(Job)
        .join(Image, Image.id == Job.image_id)
        .where(Image.case_id == case_id)
        .options(joinedload(Job.release), joinedload(Job.finding))
        .order_by(Job.id)
    ):
        found[job.image_id].append(job)
    return found


def _twins_by_sha256(case: Case) -> dict[str, list[Twin]]:
    """The oldest few other cases per file; the number is bounded inside the database."""
    place = func.row_number().over(partition_by=Image.sha256, order_by=func.min(Image.received_at))
    count = func.count().over(partition_by=Image.sha256)
    others = (
        select(Image.sha256, Image.case_id, place.label("place"), count.label("count"))
        .where(Image.sha256.in_([image.sha256 for image in case.images]), Image.case_id != case.id)
        .group_by(Image.sha256, Image.case_id)
        .subquery()
    )
    found: dict[str, list[Twin]] = defaultdict(list)
    for sha256, *twin in db.session.execute(
        select(others.c.sha256, others.c.case_id, Case.patient_ref, is_withdrawn(), others.c["count"])
        .join(Case, Case.id == others.c.case_id)
        .where(others.c.place <= MAX_TWINS)
        .order_by(others.c.place)
    ):
        found[sha256].append(Twin(*twin))
    return found


def _repeats(image: Image, images: Sequence[Image]) -> int | None:
    first = next(other for other in images if other.sha256 == image.sha256)
    return None if first is image else first.position + 1
