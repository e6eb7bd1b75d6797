"""A running portal for all tests of one file, where they do not disturb each other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import ConsoleMessage, Page

from portal.actions.accounts import add_user
from portal.actions.events import SYSTEM
from tests.browser.reviewing import visit
from tests.browser.steps import sign_in
from tests.browser.viewing import HEIGHT_PX, WIDTH_PX, open_image
from tests.corpus.dicom_bytes import dicom
from tests.corpus.pictures import radiograph
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.running import PASSWORD, started
from tests.fixtures.script import PortalScript
from tests.needs import require
from tests.processes import wait_for
from tests.services.redis import RedisServer

SPACED: dict[str, Any] = {"_00280030": ("DS", "0.1\\0.1"), "_00181164": ("DS", "0.2\\0.2")}
AT_DETECTOR: dict[str, Any] = {"_00181164": ("DS", "0.2\\0.2")}
WINDOW: dict[str, Any] = {"_00281050": ("DS", "30000"), "_00281051": ("DS", "40000")}


@pytest.fixture(scope="module")
def shared_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    require("redis")
    redis = RedisServer()
    redis.start()
    try:
        with started(Installation(tmp_path_factory.mktemp("shared") / "home", redis.url)) as installation:
            yield installation
    finally:
        redis.remove()


@pytest.fixture(scope="module")
def shared_script(shared_portal: Installation) -> PortalScript:
    """Signed in as a radiographer."""
    script = PortalScript(shared_portal.url, "radiographer", PASSWORD)
    script.sign_in()
    return script


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Installation]:
    """The web process alone: cases stay as the test makes them."""
    installation = Installation(tmp_path / "home", f"unix://{tmp_path}/nobody.sock")
    with installation.app.app_context():
        for role in ("reader", "admin"):
            add_user(role, PASSWORD, role, SYSTEM)
    installation.start("web")
    try:
        assert wait_for(lambda: _answers(installation.url), 60), installation.log("web")
        yield installation
    finally:
        installation.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/login", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says against the pages: script errors, refused resources, broken links."""
    found: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture(scope="module")
def case_url(shared_portal: Installation, shared_script: PortalScript) -> str:
    """Four images: with calibrated spacing, at the detector, and two smaller ones without."""
    pixels = radiograph(WIDTH_PX, HEIGHT_PX, bits=16)
    files = {
        "calibrated": dicom(pixels, **SPACED, **WINDOW),
        "detector": dicom(pixels, **AT_DETECTOR, **WINDOW),
        "unspaced": limb_png(99, 400),
        "wrist": limb_png(61, 448),
    }
    case_id = shared_script.upload(files)
    shared_script.wait_for(case_id)
    return f"{shared_portal.url}/cases/{case_id}"


@pytest.fixture
def viewing(shared_portal: Installation, case_url: str, page: Page, complaints: list[str]) -> Page:
    """Signed in, the first image before the eyes; the browser may not complain."""
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    return page


@pytest.fixture
def case_id(shared_script: PortalScript) -> str:
    """A case of its own for each test, read by the release."""
    made = shared_script.upload({"limb": limb_png(uuid.uuid4().int % 1000, 200)})
    shared_script.wait_for(made)
    return made


@pytest.fixture
def own_case_url(shared_portal: Installation, case_id: str) -> str:
    return f"{shared_portal.url}/cases/{case_id}"


@pytest.fixture
def reader(shared_portal: Installation, page: Page, own_case_url: str) -> Page:
    """In front of the case, with nothing written."""
    sign_in(page, shared_portal, "reader")
    visit(page, own_case_url)
    return page
