"""The viewer in the hand: mouse, keys, fingers and rulers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.browser.viewing import (
    CALIBRATED,
    DETECTOR,
    HEIGHT_PX,
    UNSPACED,
    WIDTH_PX,
    at,
    drag,
    open_image,
    placed,
    press,
    readout,
    settle,
    window_of,
)
from tests.corpus.pictures import radiograph
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


def test_the_window_opens_as_the_file_asks(viewing: Page) -> None:
    assert window_of(viewing) == (40000, 30000)
    expect(viewing.get_by_role("button", name="Stored")).to_have_attribute("aria-pressed", "true")


def test_a_drag_with_the_right_button_windows(viewing: Page, complaints: list[str]) -> None:
    drag(viewing, (200, 300), (120, 0), button="right")
    width, level = window_of(viewing)
    assert width > 45000
    assert level == 30000
    drag(viewing, (200, 300), (0, -60), button="right")
    assert window_of(viewing)[1] < 29000, "up is brighter"
    assert complaints == []


def test_in_window_mode_the_left_button_and_the_arrows_window(viewing: Page) -> None:
    press(viewing, "w")
    drag(viewing, (200, 300), (-120, 0))
    narrow, _ = window_of(viewing)
    assert narrow < 35000
    press(viewing, "ArrowRight", "ArrowDown")
    width, level = window_of(viewing)
    assert width > narrow
    assert level > 30000


def test_presets_and_reset(viewing: Page) -> None:
    press(viewing, "2")
    assert window_of(viewing) == (28000, 36000)
    press(viewing, "3")
    assert window_of(viewing) == (24000, 22000)
    press(viewing, "4")
    greys = radiograph(WIDTH_PX, HEIGHT_PX, bits=16)
    assert window_of(viewing)[0] == int(np.ptp(greys)) + 1
    press(viewing, "r", "i", "+", "0")
    assert window_of(viewing) == (40000, 30000)
    assert placed(viewing).b == 0


def test_wheel_and_keys_zoom_and_what_is_pointed_at_stays(viewing: Page) -> None:
    before = placed(viewing)
    x, y = before(600, 500)
    viewing.mouse.move(*at(viewing, x, y))
    viewing.mouse.wheel(0, -300)
    after = placed(viewing)
    assert after.a > before.a * 1.3
    assert after(600, 500) == pytest.approx((x, y), abs=2)
    press(viewing, "x")
    assert placed(viewing).a == 1
    assert readout(viewing).endswith("100 %")
    press(viewing, "-")
    assert placed(viewing).a < 1
    press(viewing, "f")
    assert placed(viewing) == before


def test_an_image_is_moved_by_drag_and_arrows_and_never_lost(viewing: Page) -> None:
    press(viewing, "x")
    before = placed(viewing)
    drag(viewing, (200, 200), (50, 30))
    moved = placed(viewing)
    assert (moved.e - before.e, moved.f - before.f) == (50, 30)
    viewing.locator("#stage").focus()
    press(viewing, "ArrowRight")
    assert placed(viewing).e == moved.e + 40
    for _ in range(40):
        press(viewing, "ArrowRight")
    box = viewing.locator("#stage").bounding_box()
    assert box is not None
    assert placed(viewing).e < box["width"], "the image left the stage"


def test_turning_and_mirroring_act_on_what_is_seen(viewing: Page) -> None:
    press(viewing, "r")
    turned = placed(viewing)
    assert (turned.a, turned.d) == (0, 0)
    assert turned.b > 0 > turned.c, "clockwise"
    press(viewing, "m")
    assert placed(viewing)(0, 0)[0] < turned(0, 0)[0], "what was right is left now"
    press(viewing, "m", "R")
    assert placed(viewing).b == 0


def test_the_marks_stand_where_the_image_stands(viewing: Page) -> None:
    scene = viewing.locator("[data-part=scene]")
    for keys in ("", "+", "r", "m", "ArrowRight"):
        press(viewing, *keys.split())
        place = placed(viewing)
        transform = scene.get_attribute("transform") or ""
        numbers = [float(part) for part in transform.removeprefix("matrix(").removesuffix(")").split()]
        assert numbers == pytest.approx(list(place), abs=0.01), keys


@pytest.mark.parametrize(
    ("number", "shown"),
    [(CALIBRATED, "20.0 mm"), (DETECTOR, "40.0 mm at the detector"), (UNSPACED, "200 px")],
)
def test_a_length_says_its_unit_and_where_it_holds(
    shared_portal: Installation, case_url: str, page: Page, number: int, shown: str
) -> None:
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url, number)
    press(page, "x", "l")
    place = placed(page)
    middle = 200 if number == UNSPACED else WIDTH_PX // 2
    for point in ((middle - 100, middle), (middle + 100, middle)):
        page.mouse.click(*at(page, *place(*point)))
    expect(page.locator(".viewer__measured")).to_have_text(shown)
    hint = page.locator("[data-part=hint]")
    note = {CALIBRATED: "calibrated", DETECTOR: "at the detector", UNSPACED: "no pixel spacing"}[number]
    expect(hint).to_contain_text(note)


def test_a_ruler_may_be_drawn_in_one_drag_moved_by_its_ends_and_removed(viewing: Page) -> None:
    press(viewing, "x", "l")
    label = viewing.locator(".viewer__measured")
    drag(viewing, (200, 100), (100, 0))
    expect(label).to_have_text("10.0 mm")
    drag(viewing, (300, 100), (100, 0))
    expect(label).to_have_text("20.0 mm")
    press(viewing, "+", "r")
    expect(label).to_have_text("20.0 mm")
    press(viewing, "Backspace")
    expect(label).to_have_count(0)


def test_an_angle_is_measured_at_its_second_point(viewing: Page) -> None:
    press(viewing, "a")
    for point in ((200, 100), (200, 200), (300, 200)):
        viewing.mouse.click(*at(viewing, *point))
    expect(viewing.locator(".viewer__measured")).to_have_text("90.0°")


def test_measuring_needs_no_mouse(viewing: Page) -> None:
    press(viewing, "x", "l")
    expect(viewing.locator("#stage")).to_be_focused()
    press(viewing, "Enter", *["ArrowRight"] * 5, "Enter")
    expect(viewing.locator(".viewer__measured")).to_have_text("5.0 mm")
    expect(viewing.locator("[data-part=status]")).to_have_text("length 5.0 mm")
    press(viewing, "Enter", "ArrowLeft", "Escape")
    expect(viewing.locator(".viewer__measure")).to_have_count(1)
    press(viewing, "Escape")
    expect(viewing.get_by_role("button", name="Move", exact=True)).to_have_attribute("aria-pressed", "true")


def test_the_magnifier_follows_pointer_and_arrows(viewing: Page) -> None:
    press(viewing, "g")
    viewing.mouse.move(*at(viewing, 200, 200))
    lens = viewing.locator(".viewer__lens")
    expect(lens).to_have_attribute("cx", "200")
    press(viewing, "ArrowRight")
    expect(lens).to_have_attribute("cx", "210")
    press(viewing, "g")
    expect(lens).to_have_count(0)


def test_the_grey_value_under_the_pointer_is_told(viewing: Page) -> None:
    x, y = placed(viewing)(450.5, 600.5)
    viewing.mouse.move(*at(viewing, x, y))
    settle(viewing)
    words = viewing.locator("[data-part=pointer]").inner_text()
    column, row, grey = (int(number) for number in re.findall(r"\d+", words))
    assert radiograph(WIDTH_PX, HEIGHT_PX, bits=16)[row, column] == grey


def test_every_key_of_the_sheet_presses_its_button(viewing: Page) -> None:
    """The sheet and the buttons come from one table; here each key is really pressed."""
    controls = viewing.locator("[data-keys]")
    viewing.evaluate(
        "() => { window.pressed = []; document.addEventListener('click', (event) => {"
        " const control = event.target.closest('[data-keys]'); if (!control) return;"
        " event.preventDefault(); event.stopPropagation();"
        " window.pressed.push(control.dataset.keys); }, true) }"
    )
    keys = [control.get_attribute("data-keys") or "" for control in controls.all()]
    assert len(keys) >= 24
    for names in keys:
        for key in names.split():
            press(viewing, key)
            assert viewing.evaluate("() => window.pressed.at(-1)") == names
    viewing.locator("textarea").focus()
    pressed = viewing.evaluate("() => window.pressed.length")
    press(viewing, "w")
    assert viewing.evaluate("() => window.pressed.length") == pressed, "typing is typing"


def test_the_sheet_of_keys_opens_and_closes_by_key(viewing: Page) -> None:
    press(viewing, "?")
    sheet = viewing.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Magnifier")
    press(viewing, "Escape")
    expect(sheet).to_be_hidden()


def test_keys_can_be_kept_to_the_viewer(viewing: Page) -> None:
    """For speech input, which types letters by accident (WCAG 2.1.4)."""
    press(viewing, "?")
    viewing.get_by_label("Keys work anywhere").uncheck()
    press(viewing, "Escape")
    viewing.locator("h1").click()
    viewing.get_by_role("link", name="Help").focus()
    press(viewing, "i")
    invert = viewing.get_by_role("button", name="Invert")
    expect(invert).to_have_attribute("aria-pressed", "false")
    viewing.locator("#stage").focus()
    press(viewing, "i")
    expect(invert).to_have_attribute("aria-pressed", "true")


def test_the_toolbar_is_one_stop_of_the_tab_key(viewing: Page) -> None:
    viewing.locator("#tool-mode-move").focus()
    press(viewing, "ArrowRight", "ArrowRight", "Enter")
    expect(viewing.get_by_role("button", name="Length")).to_have_attribute("aria-pressed", "true")
    viewing.locator("#tool-mode-move").focus()
    press(viewing, "End")
    expect(viewing.locator("#tool-keys")).to_be_focused()
    press(viewing, "Tab")
    expect(viewing.locator("#stage")).to_be_focused()


def test_two_fingers_zoom_and_one_still_scrolls_the_page(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    stage = page.locator("#stage")
    assert stage.evaluate("element => element.style.touchAction") == "pan-y"
    stage.scroll_into_view_if_needed()
    before = placed(page).a
    pinch(page, at(page, 150, 150), apart=(40, 160))
    assert placed(page).a == pytest.approx(before * 4, rel=0.1)
    assert stage.evaluate("element => element.style.touchAction") == "none"
    context.close()


def pinch(page: Page, middle: tuple[float, float], apart: tuple[float, float]) -> None:
    """Two fingers side by side, from one distance to another, in px."""
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, distance: float) -> None:
        points = [{"x": middle[0] + side * distance / 2, "y": middle[1], "id": side + 1} for side in (-1, 1)]
        touches = [] if kind == "touchEnd" else points
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", apart[0])
    for step in range(1, 7):
        touch("touchMove", apart[0] + (apart[1] - apart[0]) * step / 6)
    touch("touchEnd", apart[1])
