"""Serving pictures that we made, and originals that we never interpret."""

from __future__ import annotations

import hashlib
import io
import uuid

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import func, select

from portal.db import db
from portal.models import Event, Image
from portal.services import storage
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.fixtures.pictures import limb_png


def jpeg() -> bytes:
    file = io.BytesIO()
    Picture.new("L", (40, 30), 90).save(file, "JPEG")
    return file.getvalue()


def stored(array: np.ndarray) -> bytes:
    """As intake writes it."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


GREYS = np.arange(7 * 5, dtype=np.uint16).reshape(7, 5) * 1000


@pytest.fixture
def image_id(app: Flask, monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """A read image whose preview, heatmap and original are on the shelves."""
    with app.app_context():
        monkeypatch.setitem(rows.DECODED, "preview_sha256", storage().keep_bytes("previews", jpeg()))
        monkeypatch.setitem(rows.DECODED, "array_sha256", storage().keep_bytes("arrays", stored(GREYS)))
        original = storage().keep_bytes("originals", limb_png())
        heatmap = storage().keep_bytes("heatmaps", limb_png(1))
        rows.new_release()
        case = rows.new_case(files=[rows.received_file("../x.html", limb_png())])
        assert rows.images_of(case)[0].sha256 == original
        rows.ready_case()
        rows.read_all(rows.finding(heatmap_sha256=heatmap))
        return rows.images_of(case)[0].id


def test_a_preview_is_an_image_that_only_this_browser_may_keep(
    as_radiographer: Person, image_id: uuid.UUID
) -> None:
    with as_radiographer.get(f"/images/{image_id}/preview") as answer:
        assert answer.mimetype == "image/jpeg"
        assert answer.data == jpeg()
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        tag = answer.headers["ETag"]
    with as_radiographer.get(f"/images/{image_id}/preview", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["/images/{}/pixels", "/images/{}/preview", "/findings/1/heatmap"])
def test_a_picture_seen_without_its_page_is_recorded_once(
    app: Flask, as_reader: Person, as_radiographer: Person, image_id: uuid.UUID, path: str
) -> None:
    for person in (as_reader, as_reader, as_radiographer):
        person.get(path.format(image_id)).close()
    with app.app_context():
        case_id = str(db.session.get_one(Image, image_id).case_id)
        seen = select(Event.user_id).where(Event.action == "case.viewed", Event.subject_id == case_id)
        assert db.session.scalars(seen).all() == [as_reader.user_id, as_radiographer.user_id]


def test_pictures_of_an_opened_case_are_part_of_that_view(
    app: Flask, as_reader: Person, image_id: uuid.UUID
) -> None:
    with app.app_context():
        case_id = db.session.get_one(Image, image_id).case_id
    as_reader.get(f"/cases/{case_id}")
    as_reader.get(f"/images/{image_id}/preview").close()
    with app.app_context():
        seen = select(func.count()).where(Event.action == "case.viewed", Event.subject_id == str(case_id))
        assert db.session.scalar(seen) == 1


def test_a_heatmap_is_a_png(app: Flask, as_radiographer: Person, image_id: uuid.UUID) -> None:
    with as_radiographer.get("/findings/1/heatmap") as answer:
        assert answer.mimetype == "image/png"
        assert answer.data == limb_png(1)


def test_the_original_is_downloaded_never_shown_and_recorded(
    app: Flask, as_reader: Person, image_id: uuid.UUID
) -> None:
    with as_reader.get(f"/images/{image_id}/original") as answer:
        assert answer.mimetype == "application/octet-stream"
        assert answer.data == limb_png()
        disposition = answer.headers["Content-Disposition"]
    assert disposition == f"attachment; filename=image-{str(image_id)[:8]}.png"
    with app.app_context():
        seen = select(func.count()).where(
            Event.action == "image.downloaded", Event.subject_id == str(image_id)
        )
        assert db.session.scalar(seen) == 1


def test_a_damaged_original_is_not_handed_out(app: Flask, as_reader: Person, image_id: uuid.UUID) -> None:
    with app.app_context():
        storage().path("originals", hashlib.sha256(limb_png()).hexdigest()).write_bytes(b"something else")
    answer = as_reader.get(f"/images/{image_id}/original")
    assert answer.status_code == 500
    assert "restore it from the backup" in answer.text


@pytest.mark.parametrize(
    ("shelf", "content", "path"),
    [("previews", jpeg(), "/images/{}/preview"), ("heatmaps", limb_png(1), "/findings/1/heatmap")],
)
def test_a_damaged_picture_is_not_shown(
    app: Flask, as_reader: Person, image_id: uuid.UUID, shelf: str, content: bytes, path: str
) -> None:
    with app.app_context():
        storage().path(shelf, hashlib.sha256(content).hexdigest()).write_bytes(content[:-1] + b"x")
    answer = as_reader.get(path.format(image_id))
    assert answer.status_code == 500
    assert "restore it from the backup" in answer.text


@pytest.mark.parametrize("path", ["/images/{}/preview", "/images/{}/pixels", "/images/{}/original"])
def test_an_unknown_image_is_not_found(as_reader: Person, path: str) -> None:
    assert as_reader.get(path.format(uuid.uuid4())).status_code == 404


@pytest.mark.parametrize("what", ["preview", "pixels"])
def test_an_image_that_is_not_opened_yet_is_not_found(app: Flask, as_reader: Person, what: str) -> None:
    with app.app_context():
        image = rows.images_of(rows.new_case())[0].id
    assert as_reader.get(f"/images/{image}/{what}").status_code == 404


def test_pixels_are_the_bare_grey_values_in_little_endian_rows(
    as_radiographer: Person, image_id: uuid.UUID
) -> None:
    with as_radiographer.get(f"/images/{image_id}/pixels") as answer:
        assert answer.data == GREYS.astype("<u2").tobytes()
        assert answer.content_length == 7 * 5 * 2
        assert answer.headers["Cache-Control"] == "private, no-cache"
        tag = answer.headers["ETag"]
    with as_radiographer.get(f"/images/{image_id}/pixels", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304
        assert again.data == b""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        jpeg(),
        stored(GREYS)[:-1],
        stored(GREYS) + b"\0",
        stored(GREYS.astype(np.float32)),
        stored(GREYS.ravel()),
        stored(np.asfortranarray(GREYS)),
        stored(GREYS).replace(b"(7, 5)", b"(7, 9)"),
    ],
    ids=["empty", "picture", "short", "long", "floats", "one-dimension", "by-columns", "other-size"],
)
def test_an_array_that_intake_would_not_write_is_not_shown(
    app: Flask, as_reader: Person, image_id: uuid.UUID, content: bytes
) -> None:
    with app.app_context():
        image = db.session.get_one(Image, image_id)
        image.array_sha256 = storage().keep_bytes("arrays", content)
        db.session.commit()
    answer = as_reader.get(f"/images/{image_id}/pixels")
    assert answer.status_code == 500
    assert "restore it from the backup" in answer.text


def test_changed_grey_values_are_not_shown(app: Flask, as_reader: Person, image_id: uuid.UUID) -> None:
    with app.app_context():
        path = storage().path("arrays", hashlib.sha256(stored(GREYS)).hexdigest())
    path.write_bytes(stored(GREYS + 1))
    assert as_reader.get(f"/images/{image_id}/pixels").status_code == 500


@pytest.mark.parametrize(
    "path", ["/images/{}/preview", "/images/{}/pixels", "/images/{}/original", "/findings/1/heatmap"]
)
def test_no_picture_without_signing_in(visitor: Person, image_id: uuid.UUID, path: str) -> None:
    assert visitor.get(path.format(image_id)).status_code == 302
