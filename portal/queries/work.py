"""What is due, and what a worker needs to know of the rows it claimed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, or_, select

from portal.clock import database_now
from portal.db import db
from portal.models import Image, Job, Release


@dataclass(frozen=True)
class ImageToDecode:
    """A received file: its hash, and what its first bytes said it is."""

    id: uuid.UUID
    sha256: str
    kind: str


@dataclass(frozen=True)
class JobToRead:
    """A decoded image and the release that is to read it. `low`/`high`: grey values shown black/white.

    `card_seal`  of the card that was published
    """

    id: int
    release_id: int
    release_name: str
    weights_sha256: str
    card_seal: str | None
    array_sha256: str
    low: float
    high: float


def images_to_decode(ids: Sequence[uuid.UUID]) -> list[ImageToDecode]:
    rows = db.session.execute(select(Image.id, Image.sha256, Image.kind).where(Image.id.in_(ids)))
    return [ImageToDecode(*row) for row in rows]


def jobs_to_read(ids: Sequence[int]) -> list[JobToRead]:
    """The claimed jobs in the queue's order."""
    rows = db.session.execute(
        select(
            Job.id, Job.release_id, Release.name.label("release_name"), Release.weights_sha256,
            Release.card["seal"].as_string().label("card_seal"),
            Image.array_sha256, Image.window_low.label("low"), Image.window_high.label("high"),
        )
        .join(Image, Image.id == Job.image_id)
        .join(Release, Release.id == Job.release_id)
        .where(Job.id.in_(ids))
        .order_by(Job.rank, Job.id)
    )  # fmt: skip
    return [JobToRead(**row._mapping) for row in rows]


def is_image_due(lease_s: int) -> bool:
    free = or_(Image.lease_until.is_(None), Image.ran_out(database_now(db.session), lease_s))
    return bool(db.session.scalar(select(exists().where(Image.state == "received", free))))


def is_comparison_due(lease_s: int) -> bool:
    free = or_(Image.lease_until.is_(None), Image.ran_out(database_now(db.session), lease_s))
    return bool(db.session.scalar(select(exists().where(Image.is_to_compare, Image.state == "ready", free))))


def is_intake_due(lease_s: int) -> bool:
    """Anything for the worker that opens files."""
    return is_image_due(lease_s) or is_comparison_due(lease_s)


def is_job_due() -> bool:
    return bool(db.session.scalar(select(exists().where(Job.state == "queued"))))


def active_release() -> Release | None:
    return db.session.scalars(select(Release).where(Release.state == "active")).one_or_none()
