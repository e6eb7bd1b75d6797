"""Times in the browser: the department's zone, “today” until midnight, and a full date on paper."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.browser.viewing import open_image
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

FULL = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d [A-Z]+$")


def test_today_ends_at_midnight_on_a_page_that_stays_open(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    sign_in(page, shared_portal, "reader")
    page.clock.install(time=datetime.now(UTC).replace(hour=23, minute=58))
    page.goto(case_url)
    uploaded = page.locator(".case__head time")
    expect(uploaded).to_contain_text("today, ")
    full = uploaded.get_attribute("title")
    page.clock.fast_forward("10:00")
    expect(uploaded).not_to_contain_text("today")
    assert uploaded.get_attribute("title") == full
    assert FULL.match(full or "")


def test_the_zone_of_the_browser_changes_nothing(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    page = browser.new_page(timezone_id="Pacific/Auckland", locale="en-GB")
    sign_in(page, shared_portal, "reader")
    page.goto(case_url)
    uploaded = page.locator(".case__head time")
    moment = datetime.fromisoformat(uploaded.get_attribute("datetime") or "")
    here = moment.astimezone(shared_portal.settings.zone)
    expect(uploaded).to_contain_text(f"{here:%H:%M}")
    page.close()


def test_a_printed_case_has_full_dates_and_no_controls(viewing: Page, case_url: str) -> None:
    open_image(viewing, case_url)
    shown = viewing.locator(".viewer__image").first
    viewing.emulate_media(media="print")
    for words in ("Sign out", "Save review", "I am reading this", "Show on the image"):
        expect(viewing.get_by_text(words).first).to_be_hidden()
    for control in (".topbar", ".viewer__tools", ".viewer__controls", ".viewer__canvas", "button", "input"):
        for element in viewing.locator(control).all():
            expect(element).to_be_hidden()
    expect(shown).to_be_visible()
    assert shown.evaluate("image => getComputedStyle(image).transform") == "none"
    expect(viewing.get_by_role("heading", level=1)).to_be_visible()
    expect(viewing.locator(".case__result")).to_contain_text("probability")
    moment = viewing.locator(".case__head time")
    expect(moment.locator("span")).to_be_hidden()
    content = moment.evaluate("time => getComputedStyle(time, '::after').content")
    assert FULL.match(content.strip('"')), content
    ground = viewing.evaluate("() => getComputedStyle(document.body).colorScheme")
    assert "dark" not in ground
