"""A reader's day: worklist, light box, review and on; a second reads blind, a third resolves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal.actions.accounts import add_user
from portal.actions.events import SYSTEM
from tests.browser.steps import WITHIN_MS, sign_in
from tests.browser.viewing import at, drag, pane, placed, press, window_of
from tests.corpus.dicom_bytes import dicom
from tests.corpus.pictures import radiograph
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import forearm_png, limb_png
from tests.fixtures.running import PASSWORD
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

SPACED: dict[str, Any] = {"_00280030": ("DS", "0.1\\0.1"), "_00181164": ("DS", "0.2\\0.2")}
SECRET = "Buckle of the distal radius"
At = Callable[[str], Page]


@pytest.fixture
def at_desk(sqlite_portal: Installation, browser: Browser) -> Iterator[At]:
    """Somebody signed in, each at a machine of their own."""
    contexts = []

    def sit_down(name: str) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1400, "height": 1000}))
        page = contexts[-1].new_page()
        sign_in(page, sqlite_portal, name)
        return page

    yield sit_down
    for context in contexts:
        context.close()


@pytest.fixture
def worklist(sqlite_portal: Installation) -> str:
    """Two cases wait: an urgent one of two images, and a routine one. Three people may read."""
    with sqlite_portal.app.app_context():
        add_user("registrar", PASSWORD, "reader", SYSTEM)
    script = PortalScript(sqlite_portal.url, "radiographer", PASSWORD)
    script.sign_in()
    routine = script.upload({"hand.png": limb_png(61, 448)}, patient_ref="P-hand")
    files = {"wrist.dcm": dicom(radiograph(600, 800, bits=16), **SPACED), "forearm.png": forearm_png()}
    urgent = script.upload(files, patient_ref="P-wrist", body_part="wrist", priority="urgent")
    for case in (routine, urgent):
        script.wait_for(case)
    return f"{sqlite_portal.url}/worklist"


def open_from(page: Page, worklist: str, name: str) -> None:
    page.goto(worklist)
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.locator("#image-1").click()
    expect(pane(page, 1).and_(page.locator("[data-shows=all]"))).to_be_attached(timeout=WITHIN_MS)


def look(page: Page) -> None:
    """Grey values, size, the model's marks, a length: as one looks at a bone."""
    whole = placed(page)
    before = window_of(page)
    drag(page, (200, 200), (80, 40), button="right")
    assert window_of(page) != before
    press(page, "+", "+")
    assert placed(page).a > whole.a
    press(page, "f")
    assert placed(page) == whole
    expect(page.locator("[data-part=scene]")).to_be_hidden()
    press(page, "o")
    expect(page.locator("[data-part=heatmap]")).to_be_visible()
    press(page, "o", "l")
    for corner in ((100, 200), (400, 200)):
        page.mouse.click(*at(page, *placed(page)(*corner)))
    expect(page.locator(".viewer__measured")).to_have_text(re.compile(r"^30(\.0)? mm"))


def mark(page: Page) -> None:
    press(page, "e")
    (left, top), (right, bottom) = placed(page)(220, 430), placed(page)(330, 540)
    drag(page, (left, top), (right - left, bottom - top))
    expect(page.locator("[data-part=regions] li")).to_have_count(1)


def say(page: Page, fracture: str, agrees: str, comment: str) -> Locator:
    form = page.locator("#review-form")
    form.get_by_label(fracture, exact=True).check()
    form.get_by_label(agrees, exact=True).check()
    form.get_by_label("Comment").fill(comment)
    return form


def test_a_readers_day(
    sqlite_portal: Installation, worklist: str, at_desk: At, page: Page, complaints: list[str]
) -> None:
    sign_in(page, sqlite_portal, "reader")
    page.get_by_role("link", name="Worklist").click()
    expect(page.locator("tbody .table__lead")).to_have_text(["P-wrist", "P-hand"])
    page.get_by_role("button", name="Read the first free case").click()
    expect(page.get_by_text("You are reading this since")).to_be_visible()
    address = page.url.split("?")[0]
    page.locator("#image-1").click()
    expect(pane(page, 1).and_(page.locator("[data-shows=all]"))).to_be_attached(timeout=WITHIN_MS)
    look(page)
    mark(page)
    form = say(page, "Fracture", "Disagree", SECRET)
    form.get_by_text("Ask for a second reader").click()
    form.get_by_role("button", name="Save and next").click()
    expect(page.get_by_role("heading", name="P-hand")).to_be_visible()
    expect(page.get_by_text("Your review was saved; this is the next case.")).to_be_visible()
    assert complaints == []

    second = at_desk("admin")
    open_from(second, worklist, "P-wrist")
    expect(second.get_by_text("hidden until a second reader has read").first).to_be_visible()
    press(second, "o")
    expect(second.locator("[data-part=heatmap]")).to_be_visible()
    for trace in (".viewer__mark", ".viewer__measure", "[data-part=regions] li"):
        expect(second.locator(trace)).to_have_count(0)
    assert SECRET not in second.content()
    assert SECRET not in second.request.get(f"{address}.json").text()
    say(second, "No fracture", "Agree", "A growth plate").get_by_role("button", name="Save review").click()
    expect(second.get_by_text("A third reader decides")).to_be_visible()
    expect(second.get_by_text(SECRET)).to_be_visible()

    third = at_desk("registrar")
    open_from(third, worklist, "P-wrist")
    expect(third.get_by_text(SECRET)).to_be_visible()
    expect(third.get_by_text("A growth plate")).to_be_visible()
    press(third, "o")
    expect(third.locator(".viewer__mark")).to_be_visible()
    say(third, "Fracture", "Disagree", "Cast").get_by_role("button", name="Save review").click()
    expect(third.get_by_text("The readers' answer:")).to_be_visible()
    expect(third.locator(".reviews__answer .badge")).to_have_text("fracture")

    page.goto(address)
    expect(page.locator(".story__words")).to_have_text(
        [
            re.compile("Uploaded, 2 images"),
            re.compile("Read by tiny"),
            re.compile("Began to read.*reader"),
            re.compile("Reviewed as first reader: fracture, disagrees.*reader"),
            "A second reader is asked",
            re.compile("Reviewed as second reader: no fracture, agrees.*admin"),
            re.compile("a third reader is asked"),
            re.compile("Reviewed as third reader: fracture, disagrees.*registrar"),
            "Settled: fracture",
        ]
    )
    expect(page.get_by_text("1 region on image 1")).to_be_visible()
    page.goto(worklist)
    expect(page.locator("tbody .table__lead")).to_have_text(["P-hand"])
