"""The health of the parts, as monitors see it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from portal.actions import jobs, workers
from portal.app import create_app
from portal.db import db, transaction
from portal.models import Job, Worker
from portal.models.columns import utc_now
from portal.queueing import Doorbell
from portal.settings import Settings
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.fixtures.portal import running_app
from tests.needs import needs_redis
from tests.pages.answers import json_of
from tests.services.redis import RedisServer

KINDS = ("intake", "inference", "sweeper")


@pytest.fixture
def well(app: Flask) -> Flask:
    """An installation with all its workers."""
    with app.app_context():
        for kind in KINDS:
            workers.seen(workers.Sign(f"{kind}-1", kind, "cpu"))
    return app


def health(app: Flask) -> tuple[int, dict[str, Any]]:
    answer = app.test_client().get("/health")
    return answer.status_code, json_of(answer)


def not_ok(app: Flask) -> list[str]:
    status, facts = health(app)
    missing = [name for name, part in facts["parts"].items() if not part["ok"]]
    assert (status, facts["ok"]) == ((503, False) if missing else (200, True))
    return missing


def test_all_parts_well_is_200(well: Flask) -> None:
    status, facts = health(well)
    assert status == 200
    assert set(facts["parts"]) == {"database", "redis", *KINDS, "disk", "oldest_waiting_s"}
    assert facts["parts"]["disk"]["free_mib"] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_not_seen_for_30_seconds_is_missing(well: Flask, kind: str) -> None:
    with well.app_context(), transaction() as session:
        session.execute(
            update(Worker).where(Worker.kind == kind).values(seen_at=utc_now() - timedelta(seconds=31))
        )
    assert not_ok(well) == [kind]


def test_a_worker_that_cannot_work_is_told_with_its_reason(well: Flask) -> None:
    with well.app_context():
        workers.seen(workers.Sign("inference-1", "inference", "cpu", "the self-test failed", is_able=False))
    assert not_ok(well) == ["inference"]
    assert "the self-test failed" in health(well)[1]["parts"]["inference"]["message"]


def test_a_long_queue_is_well_as_long_as_it_moves(well: Flask) -> None:
    with well.app_context():
        rows.ready_case(images_count=3)
        with transaction() as session:
            session.execute(update(Job).values(queued_at=utc_now() - timedelta(minutes=5)))
    assert not_ok(well) == ["oldest_waiting_s"]
    assert health(well)[1]["parts"]["oldest_waiting_s"]["seconds"] >= 300
    with well.app_context():
        jobs.claim_jobs(1, rows.TERMS)
    assert not_ok(well) == []


def test_a_nearly_full_disk_is_not_well(sqlite_settings: Settings) -> None:
    app = create_app(Settings(home=sqlite_settings.home, min_free_mib=10**9))
    with app.app_context():
        assert "disk" in not_ok(app)
        db.session.remove()
        db.engine.dispose()


def test_a_broken_database_is_told_as_json(well: Flask) -> None:
    with well.app_context(), transaction() as session:
        session.execute(text("DROP TABLE worker"))
    assert {"database", *KINDS} <= set(not_ok(well))


def test_health_names_no_patient(well: Flask) -> None:
    with well.app_context():
        rows.ready_case(patient_ref="P-canary", accession="A-canary", notes="canary")
    assert "canary" not in well.test_client().get("/health").text


@pytest.fixture
def with_redis(sqlite_settings: Settings, own_redis: RedisServer) -> Iterator[Flask]:
    settings = Settings(home=sqlite_settings.home, redis_url=own_redis.url, min_free_mib=1)
    for app in running_app(settings, Doorbell(settings)):
        yield app
        app.extensions["greenstick.doorbell"].redis.close()


@needs_redis
def test_a_stopped_or_paused_redis_is_told_within_two_seconds(
    with_redis: Flask, own_redis: RedisServer
) -> None:
    assert "redis" not in not_ok(with_redis)
    own_redis.pause()
    began = time.monotonic()
    assert "redis" in not_ok(with_redis)
    assert time.monotonic() - began < 2
    own_redis.resume()
    assert "redis" not in not_ok(with_redis)
    own_redis.stop()
    assert "redis" in not_ok(with_redis)


def test_a_visitor_may_ask(visitor: Person) -> None:
    assert visitor.get("/health").status_code in (200, 503)
