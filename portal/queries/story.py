"""What happened to a case, in order and in words: from its rows and events, without patient data.

Whoever asks sees of the reviews what `queries/reviews.py` lets them see.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.models import Batch, Event, Job, Review
from portal.models.cases import ANSWER_WORDS
from portal.models.withdrawals import REASON_WORDS
from portal.queries.cases import ReadCase
from portal.queries.corrections import DETAIL_WORDS
from portal.queries.double_reading import standing
from portal.queries.reviews import Spoken

READ = ("case.claimed", "case.reviewed")
TOLD = (*READ, "case.corrected", "case.withdrawn", "case.restored")
ASKED = {
    "second": "A second reader is asked",
    "third": "The readers do not agree: a third reader is asked",
}


@dataclass(frozen=True)
class Step:
    """`by` is null where nobody acted but the portal itself."""

    at: datetime
    words: str
    by: str | None = None


def story_of(read: ReadCase, reviews: Sequence[Review], spoken: Sequence[Spoken]) -> list[Step]:
    """Oldest first. Two queries, however long the story is."""
    events = _events_of(read)
    steps = [
        *_arrival(read, events), *_readings(read), *_claims(events), *_corrections(events),
        *_withdrawals(events),
        *_reviews(reviews, spoken, events),
    ]  # fmt: skip
    return sorted(steps, key=lambda step: step.at)


def _events_of(read: ReadCase) -> Sequence[Event]:
    of_case = and_(Event.subject == "case", Event.subject_id == str(read.case.id), Event.action.in_(TOLD))
    image_ids = [str(image.image.id) for image in read.images]
    of_images = and_(
        Event.subject == "image", Event.subject_id.in_(image_ids), Event.action == "image.refused"
    )
    return db.session.scalars(
        select(Event).where(or_(of_case, of_images)).options(joinedload(Event.user)).order_by(Event.id)
    ).all()


def _arrival(read: ReadCase, events: Sequence[Event]) -> Iterator[Step]:
    """The upload, and what of it was refused: at once, or when it was opened."""
    case = read.case
    count = len(read.images)
    words = "Uploaded, 1 image" if count == 1 else f"Uploaded, {count} images"
    yield Step(case.created_at, words, case.uploaded_by.username)
    refused_at = {event.subject_id: event.at for event in events if event.subject == "image"}
    for shown in read.images:
        if shown.image.state == "refused":
            at = refused_at.get(str(shown.image.id), case.created_at)
            yield Step(at, f"Image {shown.number} refused: {shown.image.refusal_reason}")


def _readings(read: ReadCase) -> Iterator[Step]:
    """One step per batch and release that read, one per job that failed, and what the batches were asked."""
    numbers = {job.id: shown.number for shown in read.images for job in shown.jobs}
    jobs = [job for shown in read.images for job in shown.jobs]
    together: dict[tuple[uuid.UUID, int], list[Job]] = defaultdict(list)
    for job in jobs:
        if job.finding:
            together[job.batch_id, job.release_id].append(job)
        elif job.state in ("failed", "quarantined") and job.finished_at:
            yield Step(job.finished_at, f"Image {numbers[job.id]} without a result: {job.problem}")
    for group in together.values():
        yield _read(group, numbers, is_one=len(read.images) == 1)
    for batch in _batches_of(read.case.id, jobs):
        yield from _asked(batch)
        if batch.cancelled_at and _was_cut_short(batch, read):
            yield Step(batch.cancelled_at, "Reading cancelled")


def _read(group: Sequence[Job], numbers: dict[int, int], is_one: bool) -> Step:
    """Ends with the last finding of the group."""
    found = [(numbers[job.id], job.finding) for job in group if job.finding]
    verdicts = [
        finding.verdict if is_one else f"image {number} {finding.verdict}" for number, finding in found
    ]
    at = max(finding.created_at for _, finding in found)
    return Step(at, f"Read by {group[0].release.name}: {', '.join(verdicts)}")


def _asked(batch: Batch) -> Iterator[Step]:
    if batch.kind == "rerun" and batch.release:
        reason = f": {batch.reason}" if batch.reason else ""
        yield Step(
            batch.created_at,
            f"Re-run asked for with {batch.release.name}{reason}",
            batch.requested_by.username,
        )


def _was_cut_short(batch: Batch, read: ReadCase) -> bool:
    """Whether the end of the batch came before the end of this case.

    An image that an upload still has to open has no job yet; it gets one that is cancelled from the start.
    """
    jobs = [job for shown in read.images for job in shown.jobs if job.batch_id == batch.id]
    is_unopened = any(shown.image.state == "received" for shown in read.images)
    return any(job.state == "cancelled" for job in jobs) or (batch.kind == "upload" and is_unopened)


def _batches_of(case_id: uuid.UUID, jobs: Sequence[Job]) -> Sequence[Batch]:
    """The upload's, jobs or not, and those of the re-runs."""
    return db.session.scalars(
        select(Batch)
        .where(or_(Batch.case_id == case_id, Batch.id.in_({job.batch_id for job in jobs})))
        .options(joinedload(Batch.requested_by), joinedload(Batch.release))
    ).all()


def _claims(events: Sequence[Event]) -> Iterator[Step]:
    """Who began to read; the same reader twice in a row began once."""
    last = None
    for event in events:
        if event.action == "case.claimed" and event.user and event.user_id != last:
            yield Step(event.at, "Began to read", event.user.username)
        last = event.user_id if event.action in READ else last


def _corrections(events: Sequence[Event]) -> Iterator[Step]:
    """Which details; the old values and the new ones are patient data, and stand elsewhere."""
    for event in events:
        if event.action == "case.corrected" and event.user:
            fields = ", ".join(DETAIL_WORDS[name] for name in event.detail["fields"])
            yield Step(event.at, f"Corrected: {fields}", event.user.username)


def _withdrawals(events: Sequence[Event]) -> Iterator[Step]:
    for event in events:
        if event.action == "case.withdrawn" and event.user:
            yield Step(event.at, f"Withdrawn: {REASON_WORDS[event.detail['reason']]}", event.user.username)
        elif event.action == "case.restored" and event.user:
            yield Step(event.at, "Restored", event.user.username)


def _reviews(reviews: Sequence[Review], spoken: Sequence[Spoken], events: Sequence[Event]) -> Iterator[Step]:
    """Each review, and what the case awaited after it where that changed."""
    awaited = {event.detail.get("review"): event.detail.get("awaits") for event in events}
    before = None
    for count, (review, told) in enumerate(zip(reviews, spoken, strict=True), 1):
        yield Step(told.at, _said(told), told.by)
        now = _state_after(reviews[:count], awaited.get(review.id), is_hidden=told.said is None)
        if now != before:
            yield Step(told.at, now)
        before = now


def _said(told: Spoken) -> str:
    act = f"Corrected as {told.reader}" if told.is_correction else f"Reviewed as {told.reader}"
    if told.said is None:
        return f"{act}; hidden until a second reader has read"
    word = f"{act}: {ANSWER_WORDS[told.said.fracture]}"
    if told.agrees is None:
        return word
    return f"{word}, {'agrees' if told.agrees else 'disagrees'} with the reading"


def _state_after(reviews: Sequence[Review], awaits: str | None, is_hidden: bool) -> str:
    """`awaits` is null for a review of the time when each one settled its case."""
    if awaits in ASKED:
        return ASKED[awaits]
    if is_hidden:
        return "Settled"
    answer = standing(reviews, readings=1).answer if awaits else None
    return f"Settled: {ANSWER_WORDS[answer or reviews[-1].fracture]}"
