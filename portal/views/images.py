"""Image files: the preview, the heatmap over it, and the file as it came."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from portal.actions.events import note
from portal.errors import StorageDamaged
from portal.queries.images import heatmap_sha256, image, preview_sha256
from portal.services import storage
from portal.web.access import actor, requires

pages = Blueprint("images", __name__)

PNG_START = b"\x89PNG"
ENDINGS = {"jpeg": "jpg", "png": "png", "tiff": "tif", "dicom": "dcm"}


@pages.get("/images/<uuid:image_id>/preview")
@requires("radiographer")
def preview(image_id: uuid.UUID) -> ResponseReturnValue:
    return _made_by_us("previews", preview_sha256(image_id))


@pages.get("/findings/<int:finding_id>/heatmap")
@requires("radiographer")
def heatmap(finding_id: int) -> ResponseReturnValue:
    return _made_by_us("heatmaps", heatmap_sha256(finding_id))


@pages.get("/images/<uuid:image_id>/original")
@requires("reader")
def original(image_id: uuid.UUID) -> ResponseReturnValue:
    """The file as it came, to be saved: a browser never interprets it, and its name is ours."""
    found = image(image_id)
    path = storage().verified("originals", found.sha256)
    name = f"image-{str(image_id)[:8]}.{ENDINGS.get(found.kind, 'bin')}"
    note(actor(), "image.downloaded", "image", image_id)
    return send_file(path, "application/octet-stream", as_attachment=True, download_name=name, etag=False)


def _made_by_us(shelf: str, sha256: str) -> Response:
    """A file that never changes; the browser may keep it but asks each time, so that signing out holds."""
    path = storage().path(shelf, sha256)
    try:
        with path.open("rb") as file:
            kind = "image/png" if file.read(4) == PNG_START else "image/jpeg"
    except OSError as error:
        raise StorageDamaged("A stored picture cannot be read; restore it from the backup.") from error
    answer = send_file(path, kind, etag=sha256)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
