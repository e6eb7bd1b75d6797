"""Every action of a day by Tab, Enter, Space, arrows and letters alone; each stop shows where one is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.actions.releases import publish
from tests.browser.steps import WITHIN_MS
from tests.browser.viewing import press
from tests.fixtures import rows
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.running import PASSWORD
from tests.needs import needs_chromium, needs_redis
from worker.vision.tiny import write_tiny_release

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

MOST_STOPS = 120
RINGED = """() => {
  const drawn = (element) => element && getComputedStyle(element).outlineStyle !== 'none';
  const active = document.activeElement;
  const around = active.closest('.dropzone, .choice__option');
  return [active, around, active.nextElementSibling].some(drawn);
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus; every stop on the way has a ring."""
    expect(page.locator("html[data-script]")).to_be_attached()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        where = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert page.evaluate("document.activeElement === document.body") or page.evaluate(RINGED), where
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"no way to {target}; the last stop was {where}")


def enter(page: Page, name: str, role: str = "button") -> None:
    tab_to(page, page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]
    page.keyboard.press("Enter")


def open_part(page: Page, name: str) -> None:
    """A part of the page that is folded away."""
    tab_to(page, page.locator("summary", has_text=name))
    page.keyboard.press("Enter")


def sign_in_by_keys(page: Page, portal: Installation, name: str) -> None:
    page.goto(f"{portal.url}/login")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(name)
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    press(page, "Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def choose(page: Page, label: str, option: str) -> None:
    """In a list that is folded, by arrows; until the wanted one is chosen."""
    box = page.get_by_role("combobox", name=label)
    tab_to(page, box)
    for _ in range(box.locator("option").count()):
        if box.locator("option:checked").inner_text() == option:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{label} has no {option}")


def test_a_case_is_sent_and_one_signs_out(
    sqlite_portal: Installation, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    hand = tmp_path / "hand.png"
    hand.write_bytes(limb_png(99, 400))
    page.on("filechooser", lambda _: None)  # hand choosers over from now on
    sign_in_by_keys(page, sqlite_portal, "radiographer")
    expect(page.locator("html[data-script]")).to_be_attached()
    press(page, "Tab", "Enter")
    page.wait_for_url("**#content")
    press(page, "Tab")
    expect(page.locator("#content :focus")).to_have_count(1)
    page.reload()
    enter(page, "New case", "link")
    expect(page.get_by_role("heading", name="New case")).to_be_visible()
    tab_to(page, page.locator("input[type=file]"))
    with page.expect_file_chooser() as chooser:
        press(page, "Enter")
    chooser.value.set_files(hand)
    expect(page.locator("[data-file-list]")).to_contain_text("hand.png")
    tab_to(page, page.get_by_label("Patient reference"))
    page.keyboard.type("P-keys")
    tab_to(page, page.get_by_label("Routine"))
    press(page, "ArrowRight")
    expect(page.get_by_label("Urgent")).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Upload case"))
    press(page, "Enter")
    expect(page.get_by_role("heading", name="P-keys")).to_be_visible(timeout=WITHIN_MS)
    expect(page.locator(".case__badges")).to_contain_text("urgent")
    enter(page, "Sign out")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert complaints == []


def test_cases_are_narrowed_ticked_claimed_and_reviewed(
    sqlite_portal: Installation, page: Page, complaints: list[str]
) -> None:
    for name in ("intake", "inference"):
        sqlite_portal.kill(name)
    with sqlite_portal.app.app_context():
        for name, part in (("P-1", "hand"), ("P-2", "left hip"), ("P-3", "right hip")):
            rows.new_case(patient_ref=name, body_part=part)
    sign_in_by_keys(page, sqlite_portal, "reader")
    enter(page, "Worklist", "link")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    choose(page, "Body part", "hip")
    enter(page, "Apply")
    names = page.locator("tbody .table__lead")
    expect(names).to_have_text(["P-2", "P-3"])
    tab_to(page, page.get_by_role("checkbox", name="Choose P-3"))
    press(page, "Space")
    enter(page, "Mark urgent")
    expect(names).to_have_text(["P-3", "P-2"])
    enter(page, "Read P-3")
    expect(page.get_by_text("You are reading this since")).to_be_visible()

    form = page.locator("#review-form")
    tab_to(page, form.get_by_label("Fracture", exact=True))
    press(page, "ArrowRight", "Tab")
    page.keyboard.type("Nothing to be seen, j and k")
    enter(page, "Save review")
    expect(page.get_by_text("Your review was saved.")).to_be_visible()
    expect(page.locator(".reviews__answer .badge")).to_have_text("no fracture")
    expect(page.locator(".reviews__comment")).to_have_text("Nothing to be seen, j and k")
    open_part(page, "Correct your review")
    expect(form.get_by_label("Comment")).to_be_visible()
    assert complaints == []


def test_another_release_is_made_active_and_a_person_disabled(
    sqlite_portal: Installation, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    with sqlite_portal.app.app_context():
        publish(write_tiny_release(tmp_path / "made", "second", seed=5), sqlite_portal.settings.releases_dir)
    sign_in_by_keys(page, sqlite_portal, "admin")
    enter(page, "Releases", "link")
    expect(page.get_by_role("heading", name="Releases")).to_be_visible()
    enter(page, "second", "link")
    expect(page.get_by_role("heading", name="second")).to_be_visible()
    open_part(page, "Make it active…")
    enter(page, "Yes, make it active")
    expect(page.get_by_role("status")).to_contain_text("This release is active")
    enter(page, "Users", "link")
    row = page.get_by_role("row", name=re.compile("^reader"))
    expect(row).to_be_visible()
    open_part(page, "Change reader")
    tab_to(page, row.get_by_role("button", name="Disable"))
    press(page, "Enter")
    expect(row.locator("td[data-label='May sign in']")).to_have_text("no")
    assert complaints == []
