"""axe finds nothing against WCAG 2.2 AA, nor against its own good practice, on any page: light, as it stands
on a desk, and dark, as it stands on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.browser.viewing import open_image, settle
from tests.corpus.dicom_bytes import dicom
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MISSING = "/nowhere"
PAGES = (
    "/", "/worklist", "/worklist?part=foot", "/cases/new", "/history", "/history?part=foot", "/history/rerun",
    "/batches", "/batches?kind=rerun", "/releases", "/releases/1", "/releases/new", "/users", "/events",
    "/help", "/account", MISSING,
)  # fmt: skip
SCREENS: dict[str, Any] = {
    "light desk": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
"""Contrast is a matter of the scheme, and what covers what a matter of the size: no more pairs are needed."""


@pytest.fixture(scope="module")
def case_url(shared_portal: Installation, shared_script: PortalScript) -> str:
    """A case with a reading, a DICOM and a refusal, so that each kind of answer is on the pages."""
    case_id = shared_script.upload({"hand.png": limb_png(99, 400), "wrist.dcm": dicom(), "broken.png": b"x"})
    shared_script.wait_for(case_id)
    return f"{shared_portal.url}/cases/{case_id}"


@pytest.fixture(params=SCREENS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**SCREENS[request.param])
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    """One line for each element that axe objects to."""
    settle(page)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert len(found.response["passes"]) > 10, "axe looked at nothing"
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def test_the_sign_in_page(shared_portal: Installation, page: Page) -> None:
    page.goto(f"{shared_portal.url}/login")
    assert violations(page) == []


def test_the_forms_about_a_case(shared_portal: Installation, case_url: str, page: Page) -> None:
    sign_in(page, shared_portal, "radiographer")
    for act in ("correct", "withdraw"):
        page.goto(f"{case_url}/{act}")
        assert violations(page) == []


def test_every_page(shared_portal: Installation, case_url: str, page: Page) -> None:
    sign_in(page, shared_portal, "admin")
    found = {}
    for address in PAGES:
        answer = page.goto(shared_portal.url + address)
        assert answer is not None
        assert answer.ok or address == MISSING, (address, answer.status)
        found[address] = violations(page)
    assert found == {address: [] for address in PAGES}


def test_the_worklist_with_everything_open(shared_portal: Installation, case_url: str, page: Page) -> None:
    sign_in(page, shared_portal, "admin")
    page.goto(f"{shared_portal.url}/worklist?part=hand")
    page.get_by_text("Save this selection").click()
    page.get_by_label("Name of this selection").fill("Hands")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("“Hands” is saved.")).to_be_visible()
    page.goto(f"{shared_portal.url}/worklist")
    page.locator("details").evaluate_all("parts => parts.forEach((part) => { part.open = true; })")
    page.locator("[data-tick]").first.check()
    assert violations(page) == []
    page.get_by_role("button", name="Delete the saved filter Hands").click()
    expect(page.get_by_text("“Hands” is deleted.")).to_be_visible()
    expect(page.locator("html[data-script]")).to_be_attached()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []


def test_a_form_with_errors(shared_portal: Installation, page: Page) -> None:
    sign_in(page, shared_portal, "admin")
    page.goto(f"{shared_portal.url}/cases/new")
    page.locator("form[enctype] button").click()
    expect(page.get_by_role("alert").or_(page.locator(".error-summary")).first).to_be_visible()
    assert violations(page) == []


def test_a_sign_in_that_was_refused_begins_with_the_reason(shared_portal: Installation, page: Page) -> None:
    page.goto(f"{shared_portal.url}/login")
    page.get_by_label("User name").fill("reader")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page).to_have_title("Error: Sign in · Greenstick")
    assert violations(page) == []


def test_the_case_page_with_its_viewer_and_its_keys(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    sign_in(page, shared_portal, "admin")
    open_image(page, case_url)
    page.keyboard.press("l")
    assert violations(page) == []
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{case_url}?image=3")
    assert violations(page) == []


def test_the_viewer_side_by_side_with_overlay_and_own_marks(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    """On a phone one image is left; the rest is the same."""
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    for key in ("d", "o", "e", "Enter", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("[data-part=regions] li")).to_have_count(1)
    expect(page.locator(".pane:not([data-shows=all])")).to_have_count(0)
    assert violations(page) == []


def test_a_case_with_reviews_to_the_eyes_of_its_first_and_its_second_reader(
    shared_portal: Installation, shared_script: PortalScript, page: Page
) -> None:
    case_id = shared_script.upload({"hand.png": limb_png(99, 400)})
    shared_script.wait_for(case_id)
    sign_in(page, shared_portal, "reader")
    for word in ("Unsure", "Fracture"):
        open_image(page, f"{shared_portal.url}/cases/{case_id}")
        page.locator("#review-form").evaluate("details => { details.open = true; }")
        page.get_by_label(word, exact=True).check()
        page.get_by_label("Disagree", exact=True).check()
        page.get_by_text("Ask for a second reader").set_checked(True)
        page.get_by_role("button", name="Save review").click()
        expect(page.get_by_text("Your review was saved.")).to_be_visible()
    page.locator("#review-form").evaluate("details => { details.open = true; }")
    assert violations(page) == []
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, shared_portal, "admin")
    open_image(page, f"{shared_portal.url}/cases/{case_id}")
    expect(page.get_by_text("hidden until a second reader has read").first).to_be_visible()
    assert violations(page) == []


def test_a_batch(shared_portal: Installation, case_url: str, page: Page) -> None:
    sign_in(page, shared_portal, "admin")
    page.goto(f"{shared_portal.url}/batches")
    page.locator("tbody a").first.click()
    expect(page.get_by_text("Re-run this batch")).to_be_visible()
    assert violations(page) == []
