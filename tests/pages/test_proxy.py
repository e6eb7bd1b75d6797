"""Behind a reverse proxy, through the real web server: who asks, and by which protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from sqlalchemy import select

from portal.actions.accounts import add_user
from portal.actions.events import SYSTEM
from portal.db import db
from portal.models import Event
from tests.fixtures.installation import Installation
from tests.fixtures.running import PASSWORD
from tests.fixtures.script import CSRF, PortalScript
from tests.processes import wait_for

FORWARDED = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}


@contextmanager
def script_behind(home: Path, hops: str, https: str = "") -> Iterator[tuple[PortalScript, Installation]]:
    """A script whose every request says that it was forwarded, and the web process that it asks."""
    web = Installation(home, f"unix://{home}/nobody.sock", GREENSTICK_PROXY_HOPS=hops, GREENSTICK_HTTPS=https)
    with web.app.app_context():
        add_user("reader", PASSWORD, "reader", SYSTEM)
    web.start("web")
    try:
        assert wait_for(lambda: is_up(web.url), 30), web.log("web")
        script = PortalScript(web.url, "reader", PASSWORD)
        script.http.headers.update(FORWARDED)
        yield script, web
    finally:
        web.stop()


def is_up(url: str) -> bool:
    try:
        return bool(requests.get(f"{url}/login", timeout=5).status_code)
    except requests.RequestException:
        return False


def addresses(web: Installation) -> list[str]:
    with web.app.app_context():
        return [event.address for event in db.session.scalars(select(Event)) if event.user_id]


def test_behind_a_trusted_proxy_events_name_who_asked(tmp_path: Path) -> None:
    with script_behind(tmp_path / "home", hops="1") as (script, web):
        script.sign_in()
        assert addresses(web) == ["10.9.8.7"]


def test_without_a_proxy_nobody_chooses_an_own_address(tmp_path: Path) -> None:
    with script_behind(tmp_path / "home", hops="0") as (script, web):
        script.sign_in()
        assert addresses(web) == ["127.0.0.1"]


def test_by_https_a_form_is_taken_from_a_page_of_the_portal_alone(tmp_path: Path) -> None:
    with script_behind(tmp_path / "home", hops="1", https="1") as (script, web):
        page = script.http.get(f"{web.url}/login", timeout=20)
        found = CSRF.search(page.text)
        assert found
        fields = {"username": "reader", "password": PASSWORD, "csrf_token": found.group(1)}
        # requests keeps a Secure cookie from this connection, which is http up to the proxy.
        headers = {**FORWARDED, "Cookie": page.headers["Set-Cookie"].split(";")[0]}

        def answer(**more: str) -> int:
            sent = requests.post(
                f"{web.url}/login", fields, headers=headers | more, allow_redirects=False, timeout=20
            )
            return sent.status_code

        assert answer() == 400
        assert answer(Referer="https://elsewhere.example/") == 400
        assert answer(Referer=web.url.replace("http:", "https:") + "/login") in (302, 303)
