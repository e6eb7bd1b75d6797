"""A reader's way through the worklist in a real browser; nothing is read by a worker meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from portal.actions.accounts import add_user
from portal.actions.case_claims import claim_first
from portal.actions.events import SYSTEM, Actor
from tests.browser.steps import WITHIN_MS, sign_in
from tests.fixtures import rows
from tests.fixtures.installation import Installation
from tests.fixtures.running import PASSWORD
from tests.needs import needs_chromium
from tests.processes import wait_for

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Installation]:
    """The web process alone: cases stay as the test makes them."""
    installation = Installation(tmp_path / "home", f"unix://{tmp_path}/nobody.sock")
    with installation.app.app_context():
        add_user("reader", PASSWORD, "reader", SYSTEM)
    installation.start("web")
    try:
        assert wait_for(lambda: answers(installation.url), 60), installation.log("web")
        yield installation
    finally:
        installation.stop()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/login", timeout=5).ok
    except requests.RequestException:
        return False


def add_cases(web: Installation, *names: str, **facts: Any) -> None:
    with web.app.app_context():
        for name in names:
            rows.new_case(patient_ref=name, **facts)


def press(page: Page, key: str) -> None:
    """Once the page's script listens: on a busy machine it comes noticeably after the heading."""
    expect(page.locator("html[data-script]")).to_be_attached()
    page.keyboard.press(key)


def test_a_reader_goes_from_case_to_case(web: Installation, page: Page, complaints: list[str]) -> None:
    add_cases(web, "P-1", "P-2", "P-3", "P-4")
    add_cases(web, "P-now", priority="urgent")
    sign_in(page, web, "reader")
    page.get_by_role("link", name="Worklist").click()
    expect(page.locator("tbody tr").first).to_contain_text("P-now")
    page.get_by_role("button", name="Read P-2").click()
    expect(page.get_by_text("You are reading this since")).to_be_visible()

    press(page, "j")
    expect(page.get_by_role("heading", name="P-3")).to_be_visible()
    press(page, "k")
    expect(page.get_by_role("heading", name="P-2")).to_be_visible()

    review = page.locator("#review-form")
    review.get_by_label("Comment").fill("jk do not lead away while one types")
    review.get_by_label("No fracture", exact=True).check()
    review.get_by_label("Agree", exact=True).check()
    review.get_by_role("button", name="Save and next").click()
    expect(page.get_by_role("heading", name="P-now")).to_be_visible()
    expect(page.get_by_text("Your review was saved; this is the next case.")).to_be_visible()

    page.get_by_role("link", name="Worklist").first.click()
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_role("button", name="Stop reading P-now").click()
    expect(page.get_by_role("button", name="Read P-now")).to_be_visible()
    assert complaints == []


def test_new_cases_come_in_without_moving_what_is_looked_at(
    web: Installation, page: Page, complaints: list[str]
) -> None:
    add_cases(web, *(f"P-{number:02}" for number in range(30)))
    sign_in(page, web, "reader")
    page.goto(f"{web.url}/worklist")
    button = page.get_by_role("button", name="Read P-20")
    button.focus()
    before = button.bounding_box()
    assert page.evaluate("window.scrollY") > 0
    add_cases(web, "P-new-1", "P-new-2", priority="urgent")
    with web.app.app_context():
        claim_first(Actor(rows.new_user("reader").id))
    expect(page.locator("tbody tr").first).to_contain_text("P-new-1", timeout=WITHIN_MS)
    expect(page.locator("tbody tr").first).to_contain_text("since")
    assert button.evaluate("element => element === document.activeElement")
    after = button.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 1
    expect(page.locator("[data-line=announcement]")).to_have_text("32 cases to be read.")
    assert complaints == []
