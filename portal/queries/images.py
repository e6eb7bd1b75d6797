"""Which stored file answers for an image or a finding."""

from __future__ import annotations

import uuid

from portal.db import db
from portal.errors import NotFound
from portal.models import Finding, Image


def image(image_id: uuid.UUID) -> Image:
    """Raises NotFound."""
    found = db.session.get(Image, image_id)
    if found is None:
        raise NotFound("There is no such image.")
    return found


def preview_sha256(image_id: uuid.UUID) -> str:
    sha256 = image(image_id).preview_sha256
    if sha256 is None:
        raise NotFound("This image has no preview: it is not opened yet, or it was refused.")
    return sha256


def array_sha256(image_id: uuid.UUID) -> str:
    sha256 = image(image_id).array_sha256
    if sha256 is None:
        raise NotFound("This image has no grey values: it is not opened yet, or it was refused.")
    return sha256


def heatmap_sha256(finding_id: int) -> str:
    finding = db.session.get(Finding, finding_id)
    if finding is None or finding.heatmap_sha256 is None:
        raise NotFound("There is no heatmap for this finding.")
    return finding.heatmap_sha256
