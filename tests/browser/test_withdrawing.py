"""A case that was uploaded twice is withdrawn by its radiographer, and restored by an admin."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.reviewing import visit
from tests.browser.steps import WITHIN_MS, sign_in
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


@pytest.fixture
def admin(shared_portal: Installation, browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, shared_portal, "admin")
    yield page
    context.close()


def listed(page: Page) -> list[str]:
    found: list[str] = page.locator("tbody .table__lead").evaluate_all("links => links.map(a => a.pathname)")
    return found


def test_a_case_uploaded_twice_is_withdrawn_and_restored(
    shared_portal: Installation,
    page: Page,
    admin: Page,
    case_id: str,
    own_case_url: str,
    complaints: list[str],
) -> None:
    address = f"/cases/{case_id}"
    sign_in(page, shared_portal, "radiographer")
    visit(page, own_case_url)
    expect(page.locator(".case__result .verdict")).to_have_text(re.compile("fracture|doubt", re.IGNORECASE))
    page.get_by_role("link", name="Withdraw…").click()
    page.get_by_role("button", name="Withdraw the case").click()
    expect(page.get_by_text("The case was not withdrawn")).to_be_visible()
    page.get_by_label("It was uploaded twice").check()
    page.get_by_label("In words").fill("Sent again by mistake.")
    page.get_by_role("button", name="Withdraw the case").click()

    expect(page.get_by_text("This case was withdrawn:")).to_be_visible()
    expect(page.locator(".case__result .verdict")).to_have_text("Withdrawn")
    expect(page.locator(".viewer__box")).to_have_count(0)
    visit(page, f"{shared_portal.url}/history")
    assert address not in listed(page)
    page.get_by_label("State").select_option("withdrawn")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody")).to_contain_text("uploaded twice")
    assert listed(page) == [address]
    assert [complaint for complaint in complaints if "422" not in complaint] == []

    visit(admin, f"{shared_portal.url}/worklist?show=all")
    assert address not in listed(admin)
    visit(admin, own_case_url)
    admin.get_by_role("button", name="Restore this case").click()
    expect(admin.get_by_text("The case was restored")).to_be_visible()
    expect(admin.locator(".case__result .verdict")).to_have_text(
        re.compile("fracture|doubt", re.IGNORECASE), timeout=WITHIN_MS
    )
    visit(admin, f"{shared_portal.url}/worklist?show=all")
    assert address in listed(admin)
