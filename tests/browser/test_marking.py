"""Marks that a reader draws for the review: right at every turn, without a mouse too, seen by the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, FloatRect, Page, expect

from tests.browser.steps import sign_in
from tests.browser.viewing import (
    CALIBRATED,
    DETECTOR,
    HEIGHT_PX,
    WIDTH_PX,
    at,
    open_image,
    placed,
    press,
    settle,
)
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

FROM, TO = (300, 400), (420, 640)
"""Two corners of a mark, in pixels of the image."""


def regions(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(page.locator("[data-regions-field]").input_value() or "[]")
    return found


def drawn_region(page: Page) -> FloatRect:
    """Where the only mark stands on the screen, once what was asked for is drawn."""
    settle(page)
    box = page.locator(".viewer__region").bounding_box()
    assert box is not None
    return box


def draw(page: Page) -> None:
    """From corner to corner, wherever the image stands now."""
    place = placed(page)
    page.mouse.move(*at(page, *place(*FROM)))
    page.mouse.down()
    page.mouse.move(*at(page, *place(350, 500)))
    page.mouse.move(*at(page, *place(*TO)))
    page.mouse.up()


def assert_drawn(page: Page, within_px: float) -> None:
    (region,) = regions(page)
    assert region["image"] == CALIBRATED
    expected = (*FROM, TO[0] - FROM[0], TO[1] - FROM[1])
    found = tuple(region[side] for side in ("x", "y", "width", "height"))
    assert found == pytest.approx(expected, abs=within_px)
    assert all(isinstance(side, int) for side in found)


@pytest.mark.parametrize("keys", ["", "x", "r", "m", "+ + R m"])
def test_a_drawn_mark_has_the_pixels_of_the_image(viewing: Page, keys: str) -> None:
    press(viewing, *keys.split(), "e")
    draw(viewing)
    assert_drawn(viewing, within_px=1.5 / abs(placed(viewing).a or placed(viewing).b) + 0.5)


def test_a_drawn_mark_is_right_on_a_dense_screen(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=2)
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    press(page, "e")
    draw(page)
    assert_drawn(page, within_px=1.5 / placed(page).a + 0.5)
    box = drawn_region(page)
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    x, y = placed(page)(*FROM)
    assert (box["x"] - stage["x"], box["y"] - stage["y"]) == pytest.approx((x, y), abs=3)
    context.close()


def test_marking_needs_no_mouse(viewing: Page, complaints: list[str]) -> None:
    press(viewing, "x", "e", "Enter")
    before = drawn_region(viewing)
    press(viewing, "ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown")
    after = drawn_region(viewing)
    assert (after["x"] - before["x"], after["y"] - before["y"]) == (20, -10)
    assert (after["width"] - before["width"], after["height"] - before["height"]) == (10, 10)
    assert regions(viewing) == []
    press(viewing, "Enter")
    (region,) = regions(viewing)
    assert (region["width"], region["height"]) == pytest.approx((after["width"], after["height"]), abs=4)
    expect(viewing.locator("[data-part=status]")).to_have_text("Mark 1 kept, on image 1")
    press(viewing, "Enter", "Escape")
    assert len(regions(viewing)) == 1
    expect(viewing.locator(".viewer__region")).to_have_count(1)
    assert complaints == []


def test_a_mark_cannot_leave_the_image(viewing: Page) -> None:
    press(viewing, "e", "Enter", *["ArrowLeft"] * 60, *["Shift+ArrowDown"] * 80, "Enter")
    (region,) = regions(viewing)
    assert region["x"] == 0
    assert region["y"] + region["height"] == HEIGHT_PX
    assert region["x"] + region["width"] <= WIDTH_PX


def test_marks_are_listed_removed_and_taken_back_by_key(viewing: Page) -> None:
    press(viewing, "e", "Enter", "Enter", "Enter", "ArrowRight", "Enter")
    marks = viewing.locator("[data-part=regions] li")
    expect(marks).to_have_count(2)
    expect(marks.first).to_contain_text("Image 1")
    viewing.get_by_role("button", name="Remove mark 1").focus()
    press(viewing, "Enter")
    expect(marks).to_have_count(1)
    expect(viewing.get_by_role("button", name="Remove mark 1")).to_be_focused()
    press(viewing, "Enter")
    assert regions(viewing) == []
    expect(viewing.get_by_role("button", name="Take the last change back")).to_be_focused()
    press(viewing, "Enter", "Enter")
    assert len(regions(viewing)) == 2
    viewing.locator("#stage").focus()
    press(viewing, "Backspace")
    assert len(regions(viewing)) == 1


def test_a_review_has_at_most_twenty_marks(viewing: Page) -> None:
    press(viewing, "e", *["Enter", "Enter"] * 21)
    assert len(regions(viewing)) == 20
    expect(viewing.locator("[data-part=status]")).to_contain_text("at most 20")


def test_who_does_not_review_has_no_drawing_tool(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    sign_in(page, shared_portal, "radiographer")
    open_image(page, case_url)
    expect(page.get_by_role("button", name="Mark a place")).to_have_count(0)
    press(page, "e", "Enter")
    expect(page.locator(".viewer__region")).to_have_count(0)


def test_the_next_reader_sees_the_saved_marks_on_demand(
    shared_portal: Installation, shared_script: PortalScript, browser: Browser
) -> None:
    case_id = shared_script.upload({"one.png": limb_png(99, 400), "two.png": limb_png(61, 448)})
    shared_script.wait_for(case_id)
    url = f"{shared_portal.url}/cases/{case_id}"
    first = signed_in(browser, shared_portal, "reader")
    open_image(first, url, DETECTOR)
    press(first, "e", "Enter", "Enter")
    (region,) = regions(first)
    first.locator("label", has_text="Fracture").first.click()
    first.locator("label", has_text="Disagree").first.click()
    first.get_by_role("button", name="Save review").click()
    expect(first.get_by_text("Your review was saved")).to_be_visible()
    second = signed_in(browser, shared_portal, "admin")
    open_image(second, url, DETECTOR)
    mark = second.locator(".viewer__mark")
    expect(mark).to_be_hidden()
    press(second, "o")
    expect(mark).to_be_visible()
    expect(second.locator(".viewer__by")).to_have_text("By reader")
    assert [int(mark.get_attribute(side) or -1) for side in ("x", "y", "width", "height")] == [
        region["x"], region["y"], region["width"], region["height"],
    ]  # fmt: skip
    press(second, "M")
    expect(mark).to_be_hidden()
    first.context.close()
    second.context.close()


def signed_in(browser: Browser, portal: Installation, role: str) -> Page:
    page = browser.new_context().new_page()
    sign_in(page, portal, role)
    return page


def test_marks_of_a_half_written_review_are_drawn_again(viewing: Page) -> None:
    press(viewing, "e", "Enter", "Enter")
    (region,) = regions(viewing)
    viewing.on("dialog", lambda dialog: dialog.accept())
    viewing.reload()
    expect(viewing.locator(".viewer__region")).to_have_count(1)
    assert regions(viewing) == [region]
    expect(viewing.locator("[data-part=regions] li")).to_have_count(1)
