"""The stage for a benchmark: a whole portal on a throw-away home, and X-rays to send to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.actions.accounts import add_user
from portal.actions.events import SYSTEM
from portal.settings import PROJECT_ROOT
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.running import is_healthy
from tests.fixtures.script import PortalScript
from tests.needs import SHARED_DATA
from tests.processes import wait_for
from tests.services.redis import RedisServer

USUAL = {
    "GREENSTICK_LEASE_S": "30",
    "GREENSTICK_DEADLINE_S": "120",
    "GREENSTICK_SWEEP_S": "5",
    "GREENSTICK_MAX_ATTEMPTS": "3",
}
PASSWORD = "correct horse battery"


@contextmanager
def portal(release: Path, role: str = "radiographer") -> Iterator[tuple[Installation, PortalScript]]:
    """A running portal with the usual limits and a script signed in as `role`."""
    redis = RedisServer()
    redis.start()
    with tempfile.TemporaryDirectory(prefix="gs-bench-") as home:
        installation = Installation(Path(home), redis.url, release=release, **USUAL)
        with installation.app.app_context():
            add_user("script", PASSWORD, role, SYSTEM)
        installation.start()
        try:
            assert wait_for(lambda: is_healthy(installation.url), 60), installation.log("web")
            script = PortalScript(installation.url, "script", PASSWORD)
            script.sign_in()
            yield installation, script
        finally:
            installation.stop()
            redis.remove()


def shipped_release() -> Path:
    """The newest release of this checkout."""
    return max((PROJECT_ROOT / "releases").glob("*/card.json")).parent


def xrays(count: int) -> list[bytes]:
    """Files of real X-rays where the data folder is beside the checkout, else made-up pictures."""
    real = sorted((SHARED_DATA / "data" / "fracatlas" / "images").glob("*.jpg"))
    if real:
        return [real[(n * 17) % len(real)].read_bytes() for n in range(count)]
    return [limb_png(n, 448) for n in range(count)]


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0…1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
