"""What is no X-ray of a limb goes through a running portal and never gets a probability."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.fixtures.installation import Installation
from tests.fixtures.running import PASSWORD, started
from tests.fixtures.script import PortalScript
from tests.needs import SHARED_DATA, needs_redis, needs_shared_data
from tests.services.redis import RedisServer
from worker.vision.shelf import default_release
from worker.vision.verdicts import OUT_OF_SCOPE

pytestmark = [needs_redis, needs_shared_data, pytest.mark.slow]

DATA = SHARED_DATA / "data"
OTHER = DATA / "out_of_scope"
LIMB = "limb.jpg"


def test_a_photo_a_chest_a_slice_and_a_page_get_no_probability(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    files = {
        LIMB: first(DATA / "fracatlas" / "images"),
        "photo.jpg": first(OTHER / "photo"),
        "chest.jpg": first(OTHER / "chest_xray"),
        "slice.jpg": first(OTHER / "ct_mri_64px"),
        "slice.dcm": (DATA / "dicom" / "neg_ct_small.dcm").read_bytes(),
        "white.png": page(""),
        "letter.png": page("Dear colleague,\nplease find enclosed the report on your patient.\n" * 9),
    }
    with started(Installation(tmp_path / "home", own_redis.url, release=default_release())) as portal:
        script = PortalScript(portal.url, "radiographer", PASSWORD)
        script.sign_in()
        case_id = script.upload(files)
        answers = {image["name"]: outcome(image) for image in script.wait_for(case_id, 120)["images"]}
        shown = script.http.get(f"{portal.url}/cases/{case_id}?image=2", timeout=20).text
    assert isinstance(answers.pop(LIMB), float), "the limb among them is read"
    assert answers == {
        "photo.jpg": OUT_OF_SCOPE,
        "chest.jpg": OUT_OF_SCOPE,
        "slice.jpg": OUT_OF_SCOPE,
        "slice.dcm": "modality",
        "white.png": "no_contrast",
        "letter.png": OUT_OF_SCOPE,
    }
    assert "This does not look like an image that the release can judge" in shown


def outcome(image: dict[str, Any]) -> float | str:
    """The refusal's code, or the probability, or the verdict where there is none."""
    if image["refusal"]:
        return str(image["refusal"]["code"])
    finding = image["findings"][-1]
    assert finding["state"] == "done"
    probability: float | None = finding["probability"]
    return str(finding["verdict"]) if probability is None else probability


def first(folder: Path) -> bytes:
    return min(folder.iterdir()).read_bytes()


def page(text: str) -> bytes:
    """A4 at 50 dots an inch."""
    paper = Image.new("L", (413, 585), 255)
    ImageDraw.Draw(paper).multiline_text((30, 40), text, fill=0)
    target = io.BytesIO()
    paper.save(target, "PNG")
    return target.getvalue()
