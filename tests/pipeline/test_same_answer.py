"""ONNX Runtime, torch and the portal's own path give the same answers for fifty real X-rays."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from portal.actions import images
from portal.actions.images import Decoded
from portal.actions.releases import publish
from portal.models import Finding
from portal.settings import Settings
from portal.storage import Storage
from tests.fixtures.rows import DECODED, TERMS, jobs_of, new_case
from tests.needs import SHARED_DATA, needs_shared_data, needs_torch
from worker.commands.files import WorkingImage, read_image
from worker.intake.decoder import Decoder
from worker.pipeline.detectors import Detectors
from worker.pipeline.inference import InferencePipeline
from worker.vision.detector import Detector, Reading
from worker.vision.shelf import default_release
from worker.watchdog import Watch

pytestmark = [needs_shared_data, needs_torch]

LARGEST_DIFFERENCE = 1e-3  # of a probability
XRAYS = sorted((SHARED_DATA / "data" / "fracatlas" / "images").glob("*.jpg"))[::67]  # 50 of 3325
BATCH = 8


@pytest.fixture(scope="module")
def decoded() -> list[WorkingImage]:
    with Decoder() as decoder:
        read = [read_image(path, decoder) for path in XRAYS]
    return [image for image in read if isinstance(image, WorkingImage)]


def test_three_ways_to_read_fifty_xrays_agree(
    app: Flask, sqlite_settings: Settings, decoded: list[WorkingImage]
) -> None:
    assert len(decoded) >= 50
    release = default_release()
    by_onnx, by_torch = (readings(release, engine, decoded) for engine in ("onnx", "torch"))
    with app.app_context():
        publish(release, sqlite_settings.releases_dir)
        by_portal = findings(app, decoded)
    for one, other, finding in zip(by_onnx, by_torch, by_portal, strict=True):
        assert_close(one.probability, other.probability)
        assert_close(one.probability, finding.probability)
        assert one.verdict == finding.verdict


def readings(release: Path, engine: str, decoded: list[WorkingImage]) -> list[Reading]:
    detector = Detector.load(release, engine=engine)
    return [detector.read([detector.prepare(image.pixels, image.low, image.high)])[0] for image in decoded]


def findings(app: Flask, decoded: list[WorkingImage]) -> list[Finding]:
    """What the inference pipeline writes, reading in batches, in the order of the images."""
    storage: Storage = app.extensions["greenstick.storage"]
    case = new_case(images_count=len(decoded))
    for claim, image in zip(images.claim_images(len(decoded), TERMS), decoded, strict=True):
        images.accept(claim, Decoded(DECODED | columns(image, storage)))
    settings: Settings = app.extensions["greenstick.settings"]
    detectors = Detectors(settings.releases_dir, Detector.load)
    watch, stopping = Watch(120, 60), threading.Event()
    InferencePipeline(detectors, storage, TERMS, BATCH, watch, stopping, lambda _: None).drain()
    return [job.finding for job in sorted(jobs_of(case), key=lambda job: job.image.position) if job.finding]


def columns(image: WorkingImage, storage: Storage) -> dict[str, object]:
    """What intake notes of a decoded image, its array kept in storage."""
    with storage.temporary() as file:
        np.save(file, image.pixels)
    array_sha256 = storage.keep_file("arrays", Path(file.name))
    return {"array_sha256": array_sha256, "window_low": image.low, "window_high": image.high}


def assert_close(one: float | None, other: float | None) -> None:
    if one is None or other is None:
        assert one is other, "only one of them takes it for out of scope"
    else:
        assert one == pytest.approx(other, abs=LARGEST_DIFFERENCE)
