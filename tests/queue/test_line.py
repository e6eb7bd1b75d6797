"""The whole line through real processes: Redis rings, intake decodes, inference reads, the rows tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.actions.batches import rerun_batch
from portal.actions.events import Actor
from portal.actions.releases import publish
from portal.db import db
from portal.file_patient import OTHER, SAME
from portal.models import Batch, Case, Finding, Job, Worker
from tests.corpus.dicom_bytes import dicom
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.rows import images_of, jobs_of, new_case, new_user, received_file
from tests.needs import needs_redis
from tests.processes import wait_for
from tests.services.redis import RedisServer
from worker.vision.tiny import write_tiny_release

pytestmark = [needs_redis, pytest.mark.slow]


@pytest.fixture
def line(tmp_path: Path, own_redis: RedisServer) -> Iterator[Installation]:
    installation = Installation(tmp_path / "home", own_redis.url)
    installation.start("intake", "inference", "sweeper")
    yield installation
    installation.stop()


def upload(line: Installation, *contents: bytes, ring: bool = True) -> Case:
    """What the upload page does once the bytes are there."""
    storage = line.app.extensions["greenstick.storage"]
    files = []
    for position, content in enumerate(contents):
        storage.keep_bytes("originals", content)
        files.append(received_file(f"{position}.png", content))
    case = new_case(new_user("admin"), files)
    if ring:
        line.app.extensions["greenstick.doorbell"].ring("intake")
    return case


def state_of(case: Case) -> str:
    db.session.rollback()
    return db.session.scalars(select(Case.state).where(Case.id == case.id)).one()


def test_uploaded_images_get_one_finding_each(line: Installation) -> None:
    with line.app.app_context():
        case = upload(line, limb_png(1), limb_png(2), limb_png(3))
        assert wait_for(lambda: state_of(case) == "done", 60), line.log("inference") + line.log("intake")
        findings = db.session.scalars(select(Finding)).all()
        assert len(findings) == 3
        for finding in findings:
            assert finding.input_sha256 == finding.job.image.array_sha256
            assert finding.heatmap_sha256
            assert 0 <= (finding.probability or -1) <= 1


def test_unreadable_image_is_refused_and_the_others_are_read(line: Installation) -> None:
    with line.app.app_context():
        case = upload(line, limb_png(1), limb_png(2)[:200])
        assert wait_for(lambda: state_of(case) == "done", 60)
        assert [image.state for image in images_of(case)] == ["ready", "refused"]
        assert images_of(case)[1].refusal_code in ("truncated", "corrupt")


def test_lost_rings_are_made_good_by_the_sweeper(line: Installation, own_redis: RedisServer) -> None:
    with line.app.app_context():
        own_redis.kill()
        case = upload(line, limb_png(1))
        own_redis.start()
        assert wait_for(lambda: state_of(case) == "done", 60)


def test_rerun_with_another_release_adds_findings_beside_the_old(line: Installation) -> None:
    with line.app.app_context():
        case = upload(line, limb_png(1))
        assert wait_for(lambda: state_of(case) == "done", 60)
        made = write_tiny_release(line.settings.home / "made" / "second", name="second", seed=7)
        second = publish(made, line.settings.releases_dir)
        batch = db.session.scalars(select(Batch)).one()
        rerun_batch(batch.id, second.id, "a newer model", Actor(case.uploaded_by_id))
        assert wait_for(lambda: state_of(case) == "done" and len(jobs_of(case)) == 2, 60)
        names = [job.release.name for job in jobs_of(case)]
        assert names == ["tiny", "second"]
        first, again = db.session.scalars(select(Finding).order_by(Finding.id))
        assert first.weights_sha256 != again.weights_sha256


def test_damaged_release_leaves_its_jobs_queued_and_says_so(tmp_path: Path, own_redis: RedisServer) -> None:
    line = Installation(tmp_path / "home", own_redis.url)
    weights = line.settings.releases_dir / "tiny" / "model.onnx"
    sound = weights.read_bytes()
    weights.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    line.start("intake", "inference", "sweeper")
    with line.app.app_context():
        case = upload(line, limb_png(1))

        def inference_is_unable() -> bool:
            db.session.rollback()
            worker = db.session.scalars(select(Worker).where(Worker.kind == "inference")).one_or_none()
            return worker is not None and not worker.is_able and "checksum" in worker.condition

        assert wait_for(inference_is_unable, 60)
        assert wait_for(lambda: jobs_of(case) != [], 60)
        assert {job.state for job in db.session.scalars(select(Job))} <= {"queued", "running"}
        weights.write_bytes(sound)
        line.restart("inference")
        assert wait_for(lambda: state_of(case) == "done", 60)
    line.stop()


def test_a_file_of_another_patient_is_noted(line: Installation) -> None:
    storage = line.app.extensions["greenstick.storage"]
    content = dicom()
    with line.app.app_context():
        storage.keep_bytes("originals", content)
        files = [received_file("hand.dcm", content, kind="dicom")]
        cases = [new_case(files=files, patient_ref=named) for named in ("patient-1", "P-2")]
        line.app.extensions["greenstick.doorbell"].ring("intake")
        assert wait_for(lambda: {state_of(case) for case in cases} == {"done"}, 60), line.log("intake")
        flags = [image.flags for case in cases for image in images_of(case)]
        assert [SAME in flags[0], OTHER in flags[1]] == [True, True]
