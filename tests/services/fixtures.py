"""The services as fixtures. Each is started once per test process, when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.needs import require
from tests.services.chromium import chromium_browser
from tests.services.postgres import PostgresCluster
from tests.services.redis import RedisServer


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """For tests that only use Redis. One that kills it takes `own_redis`."""
    require("redis")
    yield from _started(RedisServer())


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    redis_server.wipe()
    return redis_server.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis that this test may kill."""
    require("redis")
    yield from _started(RedisServer())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    require("postgres")
    yield from _started(PostgresCluster())


@pytest.fixture
def postgres_url(postgres: PostgresCluster) -> Iterator[str]:
    """An empty PostgreSQL database; for one with tables call `postgres.fresh_database(prepare)`."""
    url = postgres.fresh_database()
    yield url
    postgres.drop(url)


@pytest.fixture
def own_postgres() -> Iterator[PostgresCluster]:
    """A PostgreSQL that waits for the disk, and that this test may crash."""
    require("postgres")
    yield from _started(PostgresCluster(durable=True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    require("chromium")
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """Cookies of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    return browser_context.new_page()


Service = TypeVar("Service", RedisServer, PostgresCluster)


def _started(service: Service) -> Iterator[Service]:
    service.start()
    yield service
    service.remove()
