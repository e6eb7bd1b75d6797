"""A whole running portal, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from portal.actions.accounts import add_user
from portal.actions.events import SYSTEM
from tests.fixtures.installation import Installation
from tests.fixtures.script import PortalScript
from tests.processes import wait_for
from tests.services.redis import RedisServer

PASSWORD = "correct horse battery"


@pytest.fixture(params=["sqlite", "postgres"])
def running_portal(
    request: pytest.FixtureRequest, tmp_path: Path, own_redis: RedisServer
) -> Iterator[Installation]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    installation = Installation(tmp_path / "home", own_redis.url, url)
    for role in ("radiographer", "admin"):
        with installation.app.app_context():
            add_user(role, PASSWORD, role, SYSTEM)
    installation.start()
    assert wait_for(lambda: _is_healthy(installation.url), 60), installation.log("web")
    yield installation
    installation.stop()


@pytest.fixture
def script(running_portal: Installation) -> PortalScript:
    """Signed in as a radiographer."""
    made = PortalScript(running_portal.url, "radiographer", PASSWORD)
    made.sign_in()
    return made


def _is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).status_code == 200
    except requests.RequestException:
        return False
