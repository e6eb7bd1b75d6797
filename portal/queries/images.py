"""Which stored file answers for an image or a finding."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from portal.db import db
from portal.errors import NotFound
from portal.models import Finding, Image


class KeptFile(NamedTuple):
    """A file that shows something of a case."""

    sha256: str
    case_id: uuid.UUID


def image(image_id: uuid.UUID) -> Image:
    """Raises NotFound."""
    found = db.session.get(Image, image_id)
    if found is None:
        raise NotFound("There is no such image.")
    return found


def kept_preview(image_id: uuid.UUID) -> KeptFile:
    found = image(image_id)
    if found.preview_sha256 is None:
        raise NotFound("This image has no preview: it is not opened yet, or it was refused.")
    return KeptFile(found.preview_sha256, found.case_id)


def kept_array(image_id: uuid.UUID) -> KeptFile:
    found = image(image_id)
    if found.array_sha256 is None:
        raise NotFound("This image has no grey values: it is not opened yet, or it was refused.")
    return KeptFile(found.array_sha256, found.case_id)


def kept_heatmap(finding_id: int) -> KeptFile:
    finding = db.session.get(Finding, finding_id)
    if finding is None or finding.heatmap_sha256 is None:
        raise NotFound("There is no heatmap for this finding.")
    return KeptFile(finding.heatmap_sha256, finding.job.image.case_id)
