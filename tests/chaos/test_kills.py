"""300 jobs while worker, Redis, web and sweeper are killed at random: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from portal.actions.accounts import add_user
from portal.actions.events import SYSTEM
from portal.db import db
from portal.models import Case, Event, Finding, Image, Job
from tests.chaos.nemesis import Nemesis
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_redis
from tests.processes import wait_for
from tests.services.redis import RedisServer

pytestmark = [needs_redis, pytest.mark.slow, pytest.mark.timeout(900)]

CASES = 60
IMAGES_PER_CASE = 5
JOBS = CASES * IMAGES_PER_CASE
KILLS_AT_MOST = 60
UPLOAD_PAUSE_S = 0.5
SETTLED_WITHIN_S = 600
PASSWORD = "correct horse battery"
SEED = int(os.environ.get("GREENSTICK_CHAOS_SEED", "20261120"))


@pytest.fixture(params=["sqlite", "postgres"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, own_redis: RedisServer
) -> Iterator[Installation]:
    url = ""
    if request.param == "postgres":
        url = request.getfixturevalue("own_postgres").fresh_database()
    made = Installation(tmp_path / "home", own_redis.url, url)
    with made.app.app_context():
        add_user("script", PASSWORD, "radiographer", SYSTEM)
    made.start("web", "intake", "inference", "sweeper")
    yield made
    made.stop()


def test_nothing_is_lost_or_doubled(
    installation: Installation, own_redis: RedisServer, record_property: Callable[[str, object], None]
) -> None:
    wait_for_web(installation)
    uploads = Uploads(installation)
    uploads.start()
    nemesis = Nemesis(installation, own_redis, SEED)
    nemesis.rage(lambda: uploads.is_over() and all_settled(installation), KILLS_AT_MOST)
    assert wait_for(uploads.is_over, SETTLED_WITHIN_S), "uploads did not come to an end"
    assert not uploads.failure, uploads.failure
    assert wait_for(lambda: all_settled(installation), SETTLED_WITHIN_S), tally(installation)

    counted = tally(installation)
    assert sorted(uploads.answered) == sorted(counted.pop("case_ids"))
    figures = {"jobs": JOBS, "kills": dict(nemesis.kills), "forms sent again": uploads.retries,
               "revived": dict(installation.revived), **counted}  # fmt: skip
    record_property("figures", json.dumps(figures))
    print(json.dumps(figures))
    assert counted == {
        "cases": CASES, "images": JOBS, "jobs done": JOBS, "findings": JOBS, "upload events": CASES,
        "findings of another image": 0, "images with two findings": 0,
    }  # fmt: skip
    assert nemesis.kills.total() >= 10


def tally(installation: Installation) -> dict[str, Any]:
    """What the rows say, read anew."""
    with installation.app.app_context():
        db.session.rollback()
        count = lambda what: db.session.scalar(select(func.count()).select_from(what))  # noqa: E731
        done = select(Job.id).where(Job.state == "done").subquery()
        pairs = db.session.execute(
            select(Finding.input_sha256, Image.array_sha256, Image.id).join(Job, Job.id == Finding.job_id)
            .join(Image, Image.id == Job.image_id)
        ).all()  # fmt: skip
        uploaded = select(Event.id).where(Event.action == "case.uploaded").subquery()
        return {
            "case_ids": [str(id) for id in db.session.scalars(select(Case.id))],
            "cases": count(Case),
            "images": count(Image),
            "jobs done": count(done),
            "findings": count(Finding),
            "upload events": count(uploaded),
            "findings of another image": sum(found != own for found, own, _ in pairs),
            "images with two findings": sum(n > 1 for n in Counter(id for _, _, id in pairs).values()),
        }


def all_settled(installation: Installation) -> bool:
    installation.revive()
    with installation.app.app_context():
        db.session.rollback()
        finished = select(func.count()).select_from(Case).where(Case.state == "done")
        return db.session.scalar(finished) == CASES


def wait_for_web(installation: Installation) -> None:
    def answers() -> bool:
        try:
            return requests.get(f"{installation.url}/login", timeout=5).ok
        except requests.RequestException:
            return False

    assert wait_for(answers, 60), installation.log("web")


class Uploads(threading.Thread):
    """Sends the forms one after another; one that got no answer is sent again just as it was."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(daemon=True)
        self.script = PortalScript(installation.url, "script", PASSWORD)
        self.answered: list[str] = []
        self.retries = 0
        self.failure = ""

    def is_over(self) -> bool:
        return not self.is_alive()

    def run(self) -> None:
        try:
            self._send_all()
        except AssertionError as error:
            self.failure = repr(error)

    def _send_all(self) -> None:
        self._until_answered(self.script.sign_in)
        for number in range(CASES):
            token = self._until_answered(lambda: self.script.token("/cases/new"))
            files = {f"{i}.png": limb_png(number * IMAGES_PER_CASE + i) for i in range(IMAGES_PER_CASE)}
            answer = self._until_answered(
                lambda token=token, files=files, number=number: self.script.send(
                    token, files, patient_ref=f"P-{number}"
                )
            )
            assert answer.status_code == 303, answer.status_code
            self.answered.append(answer.headers["Location"].rsplit("/", 1)[-1])
            time.sleep(UPLOAD_PAUSE_S)

    def _until_answered(self, ask):
        while True:
            try:
                answer = ask()
                if not isinstance(answer, requests.Response) or answer.status_code < 500:
                    return answer
            except requests.RequestException:
                pass
            self.retries += 1
            time.sleep(0.2)
