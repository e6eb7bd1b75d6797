"""The services that other tests stand on do what they say."""

from __future__ import annotations

import socket

import psycopg
import pytest
import redis
from playwright.sync_api import Page

from tests.closed_network import LeavesThisMachine
from tests.needs import needs_chromium, needs_postgres, needs_redis
from tests.services.postgres import PostgresCluster
from tests.services.redis import RedisServer


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


def with_a_table(url: str) -> None:
    with connect(url) as connection:
        connection.execute("CREATE TABLE cases (id integer)")


def count_cases(url: str) -> int:
    with connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM cases").fetchone()
    assert row is not None
    return int(row[0])


@needs_postgres
def test_each_database_is_fresh_though_the_preparation_ran_once(postgres: PostgresCluster) -> None:
    first, second = postgres.fresh_database(with_a_table), postgres.fresh_database(with_a_table)
    with connect(first) as connection:
        connection.execute("INSERT INTO cases VALUES (1)")
    assert (count_cases(first), count_cases(second)) == (1, 0)
    postgres.drop(first)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(first)


@needs_postgres
def test_crashed_postgres_keeps_what_was_committed(own_postgres: PostgresCluster) -> None:
    url = own_postgres.fresh_database(with_a_table)
    with connect(url) as connection:
        connection.execute("INSERT INTO cases VALUES (1)")
    own_postgres.restart()
    assert count_cases(url) == 1


@needs_redis
def test_killed_redis_comes_back_with_its_keys_unless_wiped(own_redis: RedisServer) -> None:
    own_redis.client.set("key", "value")
    own_redis.stop()
    with pytest.raises(redis.ConnectionError):
        own_redis.client.ping()
    own_redis.start()
    assert own_redis.client.get("key") == b"value"
    own_redis.restart(wiped=True)
    assert own_redis.client.keys() == []


@needs_redis
def test_redis_of_the_session_is_empty_for_each_test(redis_server: RedisServer, redis_url: str) -> None:
    assert redis_server.client.keys() == []
    assert redis_url == f"redis+socket://{redis_server.socket}"


@needs_chromium
def test_chromium_opens_a_page(page: Page) -> None:
    page.set_content("<h1>Ready</h1>")
    assert page.get_by_role("heading").text_content() == "Ready"


def test_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(LeavesThisMachine, match=r"192\.0\.2\.1"):
        outward.connect(("192.0.2.1", 80))
