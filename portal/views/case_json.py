"""A case as JSON: the facts of its page for scripts. Keys are a promise: more may come, none is renamed."""

from __future__ import annotations

from typing import Any

from portal.models import Job
from portal.queries.cases import ReadCase, ReadImage
from portal.web.filters import iso


def as_json(read: ReadCase) -> dict[str, Any]:
    case = read.case
    return {
        "id": str(case.id),
        "state": case.state,
        "verdict": case.verdict,
        "priority": case.priority,
        "body_part": case.body_part,
        "created_at": iso(case.created_at),
        "images": [_image(image) for image in read.images],
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
        "cautions": list(read.cautions),
        "findings": [_finding(job) for job in read.jobs],
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
