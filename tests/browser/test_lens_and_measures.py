"""What lies under the lens, and how long measures last."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WITHIN_MS, sign_in
from tests.browser.viewing import (
    CALIBRATED,
    DETECTOR,
    UNSPACED,
    WRIST,
    at,
    drag,
    open_image,
    placed,
    press,
    settle,
)
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

FACTOR = 2.5
LINE_PX = 2.5
"""Lines keep their width under the lens."""


def test_the_lens_enlarges_boxes_marks_and_measures(viewing: Page, complaints: list[str]) -> None:
    press(viewing, "o", "e", "Enter", "Enter", "l")
    drag(viewing, (200, 100), (60, 0))
    press(viewing, "g")
    viewing.mouse.move(*at(viewing, 230, 120))
    settle(viewing)
    for part in (".viewer__box", ".viewer__region"):
        plain = viewing.locator(f".viewer__marks {part}, .viewer__measures {part}").first.bounding_box()
        enlarged = viewing.locator(f".viewer__glass {part}").first.bounding_box()
        assert plain is not None
        assert enlarged is not None
        inner = plain["width"] - LINE_PX
        assert enlarged["width"] - LINE_PX == pytest.approx(inner * FACTOR, rel=0.01), part
    ends = viewing.locator(".viewer__glass .viewer__handle")
    assert [float(end.get_attribute("cx") or 0) for end in ends.all()] == pytest.approx(
        [230 + (x - 230) * FACTOR for x in (200, 260)], abs=1
    )
    assert "circle" in viewing.locator(".viewer__glass").evaluate("glass => glass.style.clipPath")
    assert "path" in viewing.locator(".viewer__measures").evaluate("layer => layer.style.clipPath"), (
        "only once"
    )
    press(viewing, "g")
    expect(viewing.locator(".viewer__glass > *")).to_have_count(0)
    assert viewing.locator(".viewer__measures").evaluate("layer => layer.style.clipPath") in ("", "none")
    assert complaints == []


def test_under_the_lens_hidden_marks_stay_hidden(viewing: Page) -> None:
    press(viewing, "g")
    viewing.mouse.move(*at(viewing, 230, 120))
    expect(viewing.locator(".viewer__lens")).to_be_visible()
    expect(viewing.locator(".viewer__glass .viewer__heatmap")).to_be_hidden()
    press(viewing, "o")
    expect(viewing.locator(".viewer__glass .viewer__heatmap")).to_be_visible()


def test_measures_are_there_again_when_the_image_is(viewing: Page, case_url: str) -> None:
    press(viewing, "x", "l")
    drag(viewing, (200, 100), (100, 0))
    expect(viewing.locator(".viewer__measured")).to_have_text("10.0 mm")
    open_image(viewing, case_url, UNSPACED)
    expect(viewing.locator(".viewer__measured")).to_have_count(0)
    press(viewing, "d")
    open_image(viewing, case_url, CALIBRATED)
    expect(viewing.locator(".viewer__measured")).to_have_text("10.0 mm")
    viewing.get_by_role("button", name="Remove all measures").click()
    expect(viewing.locator(".viewer__measured")).to_have_count(0)
    viewing.reload()
    expect(viewing.locator(".pane[data-shows=all]").first).to_be_attached(timeout=WITHIN_MS)
    settle(viewing)
    expect(viewing.locator(".viewer__measured")).to_have_count(0)


def test_measures_are_of_one_reader_and_of_one_tab(
    shared_portal: Installation, case_url: str, viewing: Page
) -> None:
    """A second reader in the same tab is not told where the first one looked."""
    press(viewing, "l")
    drag(viewing, (200, 100), (100, 0))
    expect(viewing.locator(".viewer__measured")).to_have_count(1)
    assert (
        viewing.evaluate("() => Object.keys(localStorage).filter((key) => key !== 'greenstick.keys')") == []
    )
    viewing.get_by_role("button", name="Sign out").click()
    sign_in(viewing, shared_portal, "admin")
    open_image(viewing, case_url)
    settle(viewing)
    expect(viewing.locator(".viewer__measured")).to_have_count(0)


def test_a_measure_of_each_place_stays_in_its_place(viewing: Page) -> None:
    press(viewing, "d", "l")
    expect(viewing.locator(".pane[data-shows=all]")).to_have_count(2, timeout=WITHIN_MS)
    for number in (CALIBRATED, DETECTOR):
        viewing.mouse.click(*at(viewing, 100, 150, number))
        viewing.mouse.click(*at(viewing, 160, 150, number))
    labels = viewing.locator(".viewer__measured")
    expect(labels).to_have_count(2)
    first, second = labels.all_text_contents()
    assert second.endswith("at the detector")
    assert not first.endswith("at the detector")
    press(viewing, "v", "v", "+")
    assert placed(viewing, CALIBRATED) == pytest.approx(placed(viewing, DETECTOR))
    viewing.locator(f"#image-{WRIST}").click()
    expect(labels).to_have_count(1)
    viewing.locator(f"#image-{DETECTOR}").click()
    expect(labels).to_have_count(2)
