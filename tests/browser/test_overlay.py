"""The original first; what the release marked comes when it is asked for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.browser.viewing import UNSPACED, open_image, press
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


def strength(page: Page) -> float:
    heatmap = page.locator("[data-part=heatmap]")
    return float(heatmap.evaluate("element => getComputedStyle(element).opacity"))


def test_a_case_opens_with_the_original_and_o_shows_the_marks(viewing: Page, complaints: list[str]) -> None:
    heatmap, boxes = viewing.locator("[data-part=heatmap]"), viewing.locator(".viewer__box")
    expect(heatmap).to_be_hidden()
    expect(boxes.first).to_be_hidden()
    press(viewing, "o")
    expect(heatmap).to_be_visible()
    expect(boxes.first).to_be_visible()
    press(viewing, "b")
    expect(boxes.first).to_be_hidden()
    press(viewing, "o")
    expect(heatmap).to_be_hidden()
    assert complaints == []


def test_the_button_beside_the_verdict_shows_the_marks_by_key(viewing: Page) -> None:
    expect(viewing.locator(".case__result")).to_contain_text("marked")
    button = viewing.get_by_role("button", name="Show on the image")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.focus()
    press(viewing, "Enter")
    expect(viewing.locator("[data-part=heatmap]")).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    press(viewing, "o")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_part_that_is_asked_for_alone_is_seen(viewing: Page) -> None:
    press(viewing, "h")
    expect(viewing.locator("[data-part=heatmap]")).to_be_visible()
    expect(viewing.get_by_label("Overlay")).to_be_checked()
    press(viewing, "h")
    expect(viewing.locator("[data-part=heatmap]")).to_be_hidden()
    expect(viewing.locator(".viewer__box").first).to_be_visible()


def test_the_choice_lasts_for_the_case_and_the_strength_for_the_tab(
    shared_script: PortalScript, shared_portal: Installation, case_url: str, viewing: Page
) -> None:
    press(viewing, "o")
    viewing.get_by_label("Strength").fill("20")
    assert strength(viewing) == pytest.approx(0.2)
    open_image(viewing, case_url, UNSPACED)
    expect(viewing.locator("[data-part=heatmap]")).to_be_visible()
    assert strength(viewing) == pytest.approx(0.2)
    other = shared_script.upload({"hand.png": limb_png(99, 400)})
    shared_script.wait_for(other)
    open_image(viewing, f"{shared_portal.url}/cases/{other}")
    expect(viewing.locator("[data-part=heatmap]")).to_be_hidden()
    press(viewing, "o")
    assert strength(viewing) == pytest.approx(0.2)


def test_without_javascript_a_checkbox_shows_the_marks(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    page.goto(case_url)
    expect(page.locator("[data-part=heatmap]")).to_be_hidden()
    expect(page.get_by_role("button", name="Show on the image")).to_be_hidden()
    page.get_by_label("Overlay").focus()
    press(page, "Space")
    expect(page.locator("[data-part=heatmap]")).to_be_visible()
    expect(page.locator(".viewer__box").first).to_be_visible()
    context.close()
