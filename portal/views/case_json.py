"""A case as JSON: the facts of its page for scripts. Keys are a promise: more may come, none is renamed.

Of the reviews it has those that the person who asks may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.models import Job, Review, Withdrawal
from portal.queries.cases import ReadCase, ReadImage
from portal.queries.reviews import Spoken
from portal.web.filters import iso


def as_json(read: ReadCase, spoken: Sequence[Spoken], withdrawal: Withdrawal | None = None) -> dict[str, Any]:
    """A withdrawn case has no verdict, no answer, and waits for nobody."""
    case = read.case
    return {
        "id": str(case.id),
        "state": "withdrawn" if withdrawal else case.state,
        "withdrawn": _withdrawn(withdrawal) if withdrawal else None,
        "verdict": None if withdrawal else case.verdict,
        "images_out_of_scope": case.out_of_scope_count,
        "priority": case.priority,
        "body_part": case.body_part,
        "awaits": "nothing" if withdrawal else case.awaits,
        "answer": None if withdrawal else case.answer,
        "created_at": iso(case.created_at),
        "reviews": [_review(told, told.said) for told in spoken if told.said],
        "images": [_image(image) for image in read.images],
    }


def _withdrawn(withdrawal: Withdrawal) -> dict[str, Any]:
    return {
        "at": iso(withdrawal.withdrawn_at),
        "by": withdrawal.withdrawn_by.username,
        "reason": withdrawal.reason,
    }


def _image(read: ReadImage) -> dict[str, Any]:
    image = read.image
    is_refused = image.state == "refused"
    return {
        "id": str(image.id),
        "name": image.name,
        "state": image.state,
        "refusal": {"code": image.refusal_code, "reason": image.refusal_reason} if is_refused else None,
        "sha256": image.sha256,
        "kind": image.kind,
        "size_bytes": image.size_bytes,
        "width_px": image.width_px,
        "height_px": image.height_px,
        "flags": image.flags,
        "cautions": [*read.contradictions, *read.cautions],
        "findings": [_finding(job) for job in read.jobs],
    }


def _review(told: Spoken, said: Review) -> dict[str, Any]:
    return {
        "reader": told.by,
        "place": told.place,
        "at": iso(told.at),
        "is_correction": told.is_correction,
        "counts": told.counts,
        "fracture": said.fracture,
        "agrees": told.agrees,
        "comment": said.comment,
        "regions": said.regions,
    }


def _finding(job: Job) -> dict[str, Any]:
    """One entry per job, so that what waits or failed is seen too; nulls until there is a finding."""
    finding = job.finding
    return {
        "state": job.state,
        "probability": finding.probability if finding else None,
        "verdict": finding.verdict if finding else None,
        "boxes": finding.boxes if finding else [],
        "release": job.release.name,
        "finished_at": iso(job.finished_at),
        "problem": job.problem,
        "rule_out": finding.rule_out if finding else None,
        "rule_in": finding.rule_in if finding else None,
        "weights_sha256": finding.weights_sha256 if finding else None,
    }
