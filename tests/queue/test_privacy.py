"""Patient data stays in the database and the pages: not in logs, Redis, temporary files or other answers."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.corpus import ACCEPTED, samples
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_redis
from tests.services.redis import RedisServer

pytestmark = [needs_redis, pytest.mark.slow, pytest.mark.timeout(300)]

CANARY = "Zzyzxcanary"


def test_patient_data_is_in_no_log_queue_temporary_or_derived_file(
    running_portal: Installation, script: PortalScript, own_redis: RedisServer
) -> None:
    files = {f"{CANARY}.png": png_with_text(), f"{CANARY}.dcm": dicom_with_names(), f"{CANARY}-bad.png": b"x"}
    case_id = script.upload(
        files, patient_ref=f"{CANARY}-1", accession=f"{CANARY}-2", notes=f"{CANARY} fell", priority="urgent"
    )
    script.wait_for(case_id)
    page = script.http.get(f"{running_portal.url}/cases/{case_id}", timeout=20)
    assert CANARY in page.text, "the canary must be findable where it belongs"
    assert CANARY not in page.text.split("</title>")[0].rsplit("<title>", 1)[-1], "titles end in histories"
    script.http.get(f"{running_portal.url}/cases/{CANARY}", timeout=20)
    found = script.http.post(
        f"{running_portal.url}/history/search",
        data={"csrf_token": script.token("/history"), "text": CANARY}, timeout=20,
    )  # fmt: skip
    assert CANARY not in found.url
    running_portal.stop()
    own_redis.stop()

    home = running_portal.settings.home
    allowed = {home / "portal.db", home / "portal.db-wal", home / "portal.db-shm"}
    leaks = [path for path in files_below(home, own_redis.folder) if path not in allowed and has_canary(path)]
    originals = home / "files" / "originals"
    assert [path for path in leaks if originals not in path.parents] == []
    assert leaks, "the originals themselves do hold the canary"


def files_below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def has_canary(path: Path) -> bool:
    content = path.read_bytes()
    return CANARY.encode() in content or CANARY.encode("utf-16-le") in content


def png_with_text() -> bytes:
    text = PngInfo()
    text.add_text("Patient", CANARY)
    file = io.BytesIO()
    Image.open(io.BytesIO(limb_png())).save(file, "PNG", pnginfo=text)
    return file.getvalue()


def dicom_with_names() -> bytes:
    """A sound DICOM file whose every text of a person carries the canary."""
    sound = next(s for s in samples() if s.kind == 40 and s.expected == ACCEPTED)
    dataset = dcmread(io.BytesIO(sound.content()))
    dataset.PatientName = f"{CANARY}^Anna"
    dataset.PatientID = CANARY
    dataset.PatientComments = CANARY
    dataset.OtherPatientIDs = CANARY
    dataset.ReferringPhysicianName = CANARY
    nested = Dataset()
    nested.PatientName = CANARY
    dataset.RequestAttributesSequence = [nested]
    dataset.private_block(0x0011, "Maker", create=True).add_new(0x01, "LO", CANARY)
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()
