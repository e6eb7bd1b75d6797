"""What every answer carries, whatever it is."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.app import create_app
from portal.settings import Settings
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person
from tests.fixtures.portal import running_app

PAGES = ["/", "/login", "/history", "/cases/new", "/batches", "/users", "/help", "/nowhere"]


@pytest.mark.parametrize("path", [*PAGES, "/health", "/static/js/app.js", "/nowhere.json"])
def test_every_answer_forbids_foreign_content_framing_and_guessing(as_reader: Person, path: str) -> None:
    with as_reader.get(path) as answer:
        headers = answer.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    if not path.startswith("/static"):
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_style_or_script_inside(as_admin: Person, path: str) -> None:
    page = as_admin.get(path).text
    assert " style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count('<script type="module" src="/static/js/app.js">') == 1
    assert " onclick=" not in page


@pytest.mark.parametrize("path", ["/logout", "/cases", "/history/search", "/users", "/account"])
def test_a_form_without_its_token_is_refused(as_admin: Person, path: str) -> None:
    answer = as_admin.client.post(path, data={"username": "x"})
    assert answer.status_code == 400
    assert "reload, and send it again" in answer.text


def test_a_token_of_another_session_is_refused(as_admin: Person, as_reader: Person) -> None:
    answer = as_admin.client.post("/logout", data={"csrf_token": as_reader.csrf_token()})
    assert answer.status_code == 400


def test_the_cookie_is_kept_from_scripts_and_other_sites(visitor: Person) -> None:
    cookie = visitor.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_with_https_the_cookie_never_travels_in_the_clear(
    sqlite_settings: Settings, doorbell: RecordingDoorbell
) -> None:
    settings = Settings(home=sqlite_settings.home, is_https=True, min_free_mib=1)
    for app in running_app(settings, doorbell):
        answer = app.test_client().get("/login", base_url="https://portal.example")
        assert "__Host-greenstick=" in answer.headers["Set-Cookie"]
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_only_named_hosts_are_answered(sqlite_settings: Settings, doorbell: RecordingDoorbell) -> None:
    settings = Settings(home=sqlite_settings.home, trusted_hosts="portal.example", min_free_mib=1)
    for app in running_app(settings, doorbell):
        assert app.test_client().get("/login", base_url="http://portal.example").status_code == 200
        assert app.test_client().get("/login", base_url="http://evil.example").status_code == 400


def test_two_apps_of_one_home_share_their_key(sqlite_settings: Settings, doorbell: RecordingDoorbell) -> None:
    apps: list[Flask] = [create_app(sqlite_settings, doorbell) for _ in range(2)]
    assert apps[0].config["SECRET_KEY"] == apps[1].config["SECRET_KEY"]
    assert (sqlite_settings.home / "secret_key").stat().st_mode & 0o077 == 0
