"""A running portal for all tests of one file, where they do not disturb each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.fixtures.installation import Installation
from tests.fixtures.running import PASSWORD, started
from tests.fixtures.script import PortalScript
from tests.needs import require
from tests.services.redis import RedisServer


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
def complaints(page: Page) -> list[str]:
    """What the browser's console says against the pages: script errors, refused resources, broken links."""
    found: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
