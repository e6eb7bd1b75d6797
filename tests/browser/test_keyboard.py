"""Each action of the sheet of keys, done by keyboard alone, and its effect seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WITHIN_MS, save_review, sign_in
from tests.browser.viewing import numbers, open_image, pane, placed, press, settle, window_of
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

MARK = {"image": 1, "x": 40, "y": 50, "width": 60, "height": 70}
MEASURES = ".viewer__measures .viewer__measure:not(.viewer__measure--draft)"
DRAFTS = ".viewer__measure--draft, .viewer__region--draft"


class Step(NamedTuple):
    """What the sheet calls it, the keys, and what must look different afterwards."""

    does: str
    keys: str
    look: Callable[[Page], object]


def count(selector: str) -> Callable[[Page], int]:
    return lambda page: page.locator(selector).count()


def sight(selector: str) -> Callable[[Page], bool]:
    return lambda page: page.locator(selector).first.is_visible()


def script(expression: str) -> Callable[[Page], object]:
    return lambda page: page.evaluate(f"() => {expression}")


def picture(page: Page) -> bytes:
    return pane(page).screenshot()


def lens(page: Page) -> object:
    return page.locator(".viewer__lens").get_attribute("cx") if count(".viewer__lens")(page) else None


def own_marks(page: Page) -> str:
    return page.locator("[data-regions-field]").input_value()


def active(page: Page) -> str | None:
    return pane(page).get_attribute("data-image")


STEPS = [
    Step("Larger", "+ +", placed),
    Step("Smaller", "-", placed),
    Step("Move", "w p ArrowRight", placed),
    Step("On the image", "Shift+ArrowUp", placed),
    Step("1:1", "x", placed),
    Step("Turn right", "r", placed),
    Step("Turn left", "Shift+R", placed),
    Step("Mirror", "m", placed),
    Step("Whole image", "f", placed),
    Step("Window", "w ArrowRight ArrowUp", window_of),
    Step("Bone", "2", window_of),
    Step("Soft tissue", "3", window_of),
    Step("Stored", "1", window_of),
    Step("Full range", "4", window_of),
    Step("Invert", "i", picture),
    Step("Plain pixels", "+ + + + n", picture),
    Step("Reset", "0", window_of),
    Step("Length", "l Enter ArrowRight Enter", count(MEASURES)),
    Step("Angle", "a Enter ArrowRight Enter ArrowDown Enter", count(MEASURES)),
    Step("Set a point", "Enter", count(DRAFTS)),
    Step("Stop", "Escape", count(DRAFTS)),
    Step("Take back", "Backspace", count(MEASURES)),
    Step("Remove all measures", "Shift+C", count(MEASURES)),
    Step("Magnifier", "g ArrowRight", lens),
    Step("Mark a place", "e Enter ArrowRight Shift+ArrowDown Enter", own_marks),
    Step("Your marks", "Shift+U", own_marks),
    Step("Overlay", "o", sight(".viewer__mark")),
    Step("Heatmap", "h", sight("[data-part=heatmap]")),
    Step("Boxes", "b", sight(".viewer__box")),
    Step("Readers' marks", "Shift+M", sight(".viewer__mark")),
    Step("Four images", "q", numbers),
    Step("Two images", "d", numbers),
    Step("Together", "t", script("document.querySelector('#tool-link').ariaPressed")),
    Step("Next place", "v", active),
    Step("Images", "]", numbers),
    Step("One image", "s", numbers),
    Step("Full screen", "Shift+F", script("document.fullscreenElement?.className")),
    Step("Keys", "?", sight("#keys-sheet")),
]


@pytest.fixture(scope="module")
def case_url(shared_portal: Installation, shared_script: PortalScript) -> str:
    """Four small images; one reader has marked a place on the first."""
    case_id = shared_script.upload({f"{seed}.png": limb_png(seed, 400) for seed in (99, 98, 97, 96)})
    shared_script.wait_for(case_id)
    save_review(shared_portal, "admin", case_id, regions=json.dumps([MARK]))
    return f"{shared_portal.url}/cases/{case_id}"


def test_each_action_of_the_sheet_is_done_by_keyboard_alone(
    shared_portal: Installation, case_url: str, page: Page, complaints: list[str]
) -> None:
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url)
    listed = [row.get_attribute("data-does") for row in page.locator("#keys-sheet [data-does]").all()]
    assert sorted(step.does for step in STEPS) == sorted(str(name) for name in listed)
    page.locator("#stage").focus()
    for step in STEPS:
        settle(page)
        before = step.look(page)
        press(page, *step.keys.split())
        expect(page.locator(".pane:not([data-shows=all])")).to_have_count(0, timeout=WITHIN_MS)
        settle(page)
        assert step.look(page) != before, step.does
    assert complaints == []


def test_moving_on_by_keys_needs_no_pointer_to_come_back(viewing: Page) -> None:
    """The Tab key goes from the toolbar over each place to the switches below, and back."""
    press(viewing, "d")
    expect(viewing.locator(".pane[data-shows=all]")).to_have_count(2, timeout=WITHIN_MS)
    viewing.locator("#tool-keys").focus()
    press(viewing, "Tab")
    assert active(viewing) == "1"
    press(viewing, "Tab", "Tab")
    assert active(viewing) == "2", "over the name of the first place"
    press(viewing, "Tab", "Tab")
    expect(viewing.get_by_label("Overlay")).to_be_focused()
    press(viewing, "Space")
    expect(viewing.locator("[data-part=heatmap]").first).to_be_visible()
