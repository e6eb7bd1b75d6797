"""The viewer when the page changes under it, or when something it needs is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import WITHIN_MS, sign_in, upload, written
from tests.browser.viewing import (
    CALIBRATED,
    drag,
    numbers,
    on_screen,
    open_image,
    pane,
    placed,
    press,
    readout,
)
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


def test_what_was_set_survives_the_live_refresh(
    sqlite_portal: Installation, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    sqlite_portal.kill("inference")
    sign_in(page, sqlite_portal, "reader")
    upload(page, sqlite_portal, written(tmp_path, hand=limb_png(99, 400)), "P-1")
    expect(page.locator("[data-shows=all]")).to_be_attached(timeout=WITHIN_MS)
    press(page, "x", "r", "2", "l")
    drag(page, (200, 100), (100, 0))
    before, window = placed(page), readout(page)
    sqlite_portal.start("inference")
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    expect(page.locator("[data-part=heatmap]")).to_be_attached()
    assert (placed(page), readout(page)) == (before, window)
    expect(page.locator("[data-shows=all]")).to_be_attached()
    expect(page.locator(".viewer__measured")).to_have_text("100 px")
    expect(page.locator("#stage")).to_be_focused()
    press(page, "0")
    assert placed(page) != before, "the keys reach the fresh markup"
    assert complaints == []


def test_a_live_refresh_keeps_places_and_own_marks(
    sqlite_portal: Installation, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    sqlite_portal.kill("inference")
    sign_in(page, sqlite_portal, "reader")
    upload(page, sqlite_portal, written(tmp_path, hand=limb_png(99, 400), wrist=limb_png(61, 448)), "P-1")
    expect(page.locator("[data-shows=all]")).to_be_attached(timeout=WITHIN_MS)
    press(page, "d", "v", "x", "i", "e", "Enter", "Enter")
    before, shown = numbers(page), readout(page)
    sqlite_portal.start("inference")
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    expect(page.locator("[data-part=heatmap]")).to_have_count(2)
    assert (numbers(page), readout(page)) == (before, shown)
    expect(page.locator(".viewer__region")).to_have_count(1)
    expect(page.locator("[data-part=regions] li")).to_have_count(1)
    expect(pane(page).locator(".viewer__stage")).to_be_focused()
    assert complaints == []


def test_without_webgl_the_preview_can_still_be_moved_and_measured(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    sign_in(page, shared_portal, "reader")
    page.goto(f"{case_url}?image={CALIBRATED}")
    expect(page.locator("[data-shows=preview]")).to_be_attached(timeout=WITHIN_MS)
    expect(page.locator("[data-part=hint]")).to_contain_text("Preview only")
    expect(page.get_by_role("button", name="Bone")).to_be_disabled()
    press(page, "x", "l")
    drag(page, (200, 100), (100, 0))
    expect(page.locator(".viewer__measured")).to_have_text("10.0 mm")
    page.context.close()


def test_when_the_grey_values_do_not_arrive_the_page_says_so(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    sign_in(page, shared_portal, "reader")
    page.route("**/pixels", lambda route: route.abort())
    page.goto(case_url)
    expect(page.locator("[data-part=hint]")).to_contain_text("did not arrive")
    expect(page.locator(".viewer__image")).to_be_visible()


def test_a_graphics_card_that_forgets_is_filled_again(viewing: Page, complaints: list[str]) -> None:
    canvas = viewing.locator(".viewer__canvas")
    canvas.evaluate(
        "canvas => { window.memory = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');"
        " window.memory.loseContext() }"
    )
    expect(canvas).to_be_hidden()
    expect(viewing.locator(".viewer__image")).to_be_visible()
    viewing.evaluate("() => window.memory.restoreContext()")
    expect(canvas).to_be_visible()
    assert np.ptp(on_screen(viewing)) > 100
    assert complaints == []


def test_nothing_on_the_page_moves_when_the_viewer_takes_over(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    sign_in(page, shared_portal, "reader")
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.shifts.push(entry.value) })"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    open_image(page, case_url)
    page.wait_for_timeout(500)
    assert sum(page.evaluate("() => window.shifts")) < 0.01
