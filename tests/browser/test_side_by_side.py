"""Several images of a case side by side: places, the active one, going together, and what is given back."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import WITHIN_MS, sign_in
from tests.browser.viewing import (
    CALIBRATED,
    DETECTOR,
    HEIGHT_PX,
    UNSPACED,
    WIDTH_PX,
    WRIST,
    Placed,
    at,
    drag,
    numbers,
    on_screen,
    open_image,
    pane,
    placed,
    press,
    settle,
    window_of,
)
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

COUNT_TEXTURES = """
window.textures = 0;
const drawing = WebGL2RenderingContext.prototype;
const { createTexture, deleteTexture } = drawing;
drawing.createTexture = function () { window.textures += 1; return createTexture.call(this) };
drawing.deleteTexture = function (one) { window.textures -= 1; deleteTexture.call(this, one) };
"""


def all_drawn(page: Page, count: int) -> None:
    expect(page.locator(".pane[data-shows=all]")).to_have_count(count, timeout=WITHIN_MS)


@pytest.fixture
def two(viewing: Page) -> Page:
    press(viewing, "d")
    all_drawn(viewing, 2)
    return viewing


def test_two_images_stand_side_by_side_each_with_its_own_window(two: Page, complaints: list[str]) -> None:
    assert numbers(two) == [CALIBRATED, DETECTOR]
    press(two, "2")
    drag(two, (100, 200), (60, 0), button="right")
    assert window_of(two, DETECTOR) == (40000, 30000)
    press(two, "v", "3")
    assert window_of(two, DETECTOR) == (24000, 22000)
    assert window_of(two, CALIBRATED) != (40000, 30000)
    assert complaints == []


def test_a_click_makes_a_place_the_active_one(two: Page) -> None:
    two.mouse.click(*at(two, 100, 100, DETECTOR))
    assert pane(two, DETECTOR).get_attribute("data-active") is not None
    assert pane(two, CALIBRATED).get_attribute("data-active") is None
    press(two, "i")
    expect(two.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
    press(two, "v")
    expect(two.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")


def test_images_of_different_sizes_go_together_by_their_shares(viewing: Page, case_url: str) -> None:
    open_image(viewing, case_url, UNSPACED)
    press(viewing, "d", "v", "[")
    assert numbers(viewing) == [UNSPACED, DETECTOR], "what stands in the first place is passed over"
    all_drawn(viewing, 2)
    press(viewing, "v", "+", "+")
    drag(viewing, (100, 200), (40, -60))
    small, large = placed(viewing, UNSPACED), placed(viewing, DETECTOR)
    assert small(100, 300) == pytest.approx(large(100 / 400 * WIDTH_PX, 300 / 400 * HEIGHT_PX), abs=40)
    middle = viewing.locator("#stage").bounding_box()
    assert middle is not None
    place = (middle["width"] / 2, middle["height"] / 2)
    shares = [
        share_at(small, place, 400, 400),
        share_at(large, place, WIDTH_PX, HEIGHT_PX),
    ]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


def share_at(place: Placed, point: tuple[float, float], width: int, height: int) -> tuple[float, float]:
    """Which share of the image lies under a stage point; for images that are not turned."""
    a, _, _, d, e, f = place
    return (point[0] - e) / a / width, (point[1] - f) / d / height


def test_images_that_do_not_go_together_stay(two: Page) -> None:
    press(two, "t")
    before = placed(two, DETECTOR)
    press(two, "+", "+")
    assert placed(two, DETECTOR) == before
    assert placed(two, CALIBRATED).a > before.a * 1.5
    press(two, "t")
    assert placed(two, DETECTOR).a == pytest.approx(placed(two, CALIBRATED).a), "linked again, it catches up"
    press(two, "r")
    assert placed(two, DETECTOR).b == 0, "turning is not shared"


def test_the_strip_fills_the_active_place_and_leads_on_from_the_first(two: Page, case_url: str) -> None:
    press(two, "v")
    two.locator(f"#image-{WRIST}").focus()
    press(two, "Enter")
    assert numbers(two) == [CALIBRATED, WRIST]
    assert two.url.endswith(f"image={CALIBRATED}"), "the page stays"
    all_drawn(two, 2)
    press(two, "[")
    assert numbers(two) == [CALIBRATED, UNSPACED]
    press(two, "[", "[")
    assert numbers(two) == [CALIBRATED, DETECTOR]
    two.locator(f"#image-{CALIBRATED}").click()
    assert numbers(two) == [CALIBRATED, DETECTOR], "it is to be seen already"
    assert pane(two, CALIBRATED).get_attribute("data-active") is not None
    press(two, "]")
    two.wait_for_url(f"**image={DETECTOR}")
    all_drawn(two, 2)
    assert numbers(two) == [DETECTOR, CALIBRATED], "they changed places"
    expect(two.locator("#result-title")).to_have_text(f"Image {DETECTOR}")


def test_four_images_and_back_to_one_give_all_memory_back(
    shared_portal: Installation, case_url: str, page: Page, complaints: list[str]
) -> None:
    page.add_init_script(COUNT_TEXTURES)
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    alone = page.evaluate("() => window.textures")
    assert alone > 0
    press(page, "q")
    all_drawn(page, 4)
    assert numbers(page) == [1, 2, 3, 4]
    assert page.evaluate("() => window.textures") > 2 * alone
    page.evaluate(
        "() => { window.contexts = [...document.querySelectorAll('.viewer__canvas')]"
        ".map((canvas) => canvas.getContext('webgl2')) }"
    )
    press(page, "s")
    assert numbers(page) == [1]
    assert page.evaluate("() => window.textures") == alone
    lost = page.evaluate("() => window.contexts.map((context) => context.isContextLost())")
    assert lost == [False, True, True, True]
    press(page, "d")
    all_drawn(page, 2)
    assert complaints == []


def test_the_layout_lasts_for_the_tab_and_moves_nothing(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.shifts.push(entry.value) })"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    press(page, "d", "o")
    all_drawn(page, 2)
    page.reload()
    all_drawn(page, 2)
    expect(page.locator("[data-part=heatmap]").first).to_be_visible()
    page.wait_for_timeout(500)
    assert sum(page.evaluate("() => window.shifts")) < 0.01


def test_a_narrow_screen_shows_one(two: Page) -> None:
    two.set_viewport_size({"width": 700, "height": 900})
    expect(two.locator(".pane")).to_have_count(1)
    expect(two.get_by_role("button", name="Two images")).to_be_hidden()
    two.set_viewport_size({"width": 1280, "height": 720})
    expect(two.locator(".pane")).to_have_count(2)


def test_a_finger_chooses_the_place_and_a_dense_screen_is_filled(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    context = browser.new_context(
        viewport={"width": 1100, "height": 800}, device_scale_factor=2, has_touch=True
    )
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    press(page, "d")
    all_drawn(page, 2)
    page.touchscreen.tap(*at(page, 100, 100, DETECTOR))
    assert pane(page, DETECTOR).get_attribute("data-active") is not None
    press(page, "i")
    settle(page)
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('.viewer__canvas')].map((canvas) => {"
        " const stage = canvas.parentElement;"
        " return [stage.clientWidth * 2 - canvas.width, stage.clientHeight * 2 - canvas.height] })"
    )
    assert np.abs(sizes).max() <= 1
    page.touchscreen.tap(*at(page, 100, 100, CALIBRATED))
    assert np.ptp(on_screen(page, ratio=2, number=DETECTOR)) > 100
    context.close()
